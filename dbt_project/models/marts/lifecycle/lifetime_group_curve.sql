with lifetimes as (
    select start_month, watched_from_month, end_month, landmark_month, landmark_grade, landmark_end_month
    from {{ ref('int_lifecycle__lifetimes') }}
),

months as (
    select month from {{ ref('int_core__months') }}
),

cohorts as (
    select 'company' as cohort_type, 'company' as cohort, start_month, watched_from_month, end_month from lifetimes
    union all
    select
        'acquired_year' as cohort_type,
        cast(year(start_month) as {{ text_type() }}) as cohort,
        start_month,
        watched_from_month,
        end_month
    from lifetimes
    union all
    select
        'acquired_quarter' as cohort_type,
        concat(year(start_month), '-Q', quarter(start_month)) as cohort,
        start_month,
        watched_from_month,
        end_month
    from lifetimes
    union all
    select
        'landmark_grade' as cohort_type,
        landmark_grade as cohort,
        landmark_month as start_month,
        landmark_month as watched_from_month,
        landmark_end_month as end_month
    from lifetimes
    where landmark_grade is not null
),

-- a few thousand kinds of life, whatever the number of customers
lives as (
    select cohort_type, cohort, start_month, watched_from_month, end_month, count(*) as customers
    from cohorts
    group by cohort_type, cohort, start_month, watched_from_month, end_month
),

-- the month of the start is the first step; from a landmark on, the month after it is
spans as (
    select
        months.month,
        lives.cohort_type,
        lives.cohort,
        {{ months_between_dates('lives.start_month', 'lives.watched_from_month') }} as entered,
        {{ months_between_dates('lives.start_month', 'case when lives.end_month <= months.month then lives.end_month else months.month end') }}
        + case when lives.cohort_type = 'landmark_grade' then 0 else 1 end as left_after,
        coalesce(lives.end_month <= months.month, false) as is_event,
        lives.customers
    from lives
    inner join months on lives.watched_from_month <= months.month
),

{{ survival_ctes('spans', ['month', 'cohort_type', 'cohort']) }}

select
    month,
    cohort_type,
    cohort,
    step as months_since,
    at_risk,
    died as ended,
    censored,
    {{ measure('survival') }} as survival,
    {{ measure(survival_bound('survival', 'log_variance', 'low')) }} as ci_low,
    {{ measure(survival_bound('survival', 'log_variance', 'high')) }} as ci_high
from survival_curve
