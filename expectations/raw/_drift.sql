{#-
  Judges the newest value of each subject against those of the loads before it, robustly: by the median and the MAD, the
  median of what they lie off it (times 1.4826, the standard deviation of a normal distribution; Iglewicz and Hoaglin,
  How to Detect and Handle Outliers, ASQC 1993, who call a value an outlier from 3.5 of it on). Neither moves for a few
  bad loads. `measured` has subject, load_date, rows_loaded, value and noise: what chance alone makes of a value of so
  many rows. A load is judged against those of its own day of the week too: a source may rest on Sundays.
-#}
{% macro judged(limits) -%}
numbered as (
    select
        *,
        row_number() over (partition by subject order by load_date desc) as nth
    from measured
),

newest as (
    select * from numbered where nth = 1
),

former as (
    select
        numbered.*,
        dayofweek(numbered.load_date) = dayofweek(newest.load_date) as is_same_day,
        numbered.value
        - median(numbered.value) over (partition by numbered.subject, dayofweek(numbered.load_date)) as off_its_day
    from numbered
    inner join newest on numbered.subject = newest.subject
    where numbered.nth between 2 and {{ limits.deliveries }} + 1 and numbered.rows_loaded >= {{ limits.min_rows }}
),

usual as (
    select
        subject,
        count(*) as deliveries,
        median(value) as middle,
        -- four loads of a day lie closer to their own median than to the true one
        1.4826 * if(count(*) filter (is_same_day) < 3, mad(value), least(mad(value), 1.2 * mad(off_its_day))) as deviation,
        count(*) filter (is_same_day) as same_days,
        median(value) filter (is_same_day) as middle_of_day
    from former
    group by subject
),

compared as (
    select
        newest.*,
        usual.* exclude (subject),
        greatest({{ limits.deviations }} * greatest(usual.deviation, newest.noise), {{ caller() }}) as band
    from newest
    left join usual on newest.subject = usual.subject
)

select
    subject,
    load_date as key,
    case
        when deliveries >= {{ limits.min_history }} and rows_loaded >= {{ limits.min_rows }}
            then abs(value - middle) > band and (same_days < 3 or abs(value - middle_of_day) > band)
    end as is_broken
from compared
{%- endmacro %}
