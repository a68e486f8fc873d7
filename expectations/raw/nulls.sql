{#- One row per optional column of a supplied entity: its share of nulls in the newest delivery against the median of those before it. -#}
{%- from '_nulls.sql' import counted with context -%}
{%- set asked = supplies | selectattr('optional') | list -%}
{%- if asked %}
with

{{ counted(asked) }}

shares as (
    select
        entity || '.' || column_name || ' of ' || source_system as subject,
        load_date,
        rows_loaded,
        nulls / rows_loaded as null_share,
        row_number() over (partition by entity, column_name, source_system order by load_date desc) as nth
    from counted
),

former as (
    select
        subject,
        count(*) as deliveries,
        median(null_share) as null_share
    from shares
    where nth between 2 and {{ limits.deliveries }} + 1 and rows_loaded >= {{ limits.min_rows }}
    group by subject
)

select
    newest.subject,
    newest.load_date as key,
    case
        when former.deliveries >= {{ limits.min_history }} and newest.rows_loaded >= {{ limits.min_rows }}
            then abs(newest.null_share - former.null_share) > {{ limits.max_drift }}
    end as is_broken
from shares as newest
left join former on newest.subject = former.subject
where newest.nth = 1
{%- endif %}
