with curve as (
    select month, cohort_type, cohort, months_since, at_risk, survival, ci_low, ci_high
    from {{ ref('lifetime_group_curve') }}
),

cohorts as (
    select month, cohort_type, cohort from {{ ref('lifetime_group') }}
    where is_from_start and cohort_type <> 'acquired_quarter'
)

select
    curve.month,
    curve.cohort_type,
    curve.cohort,
    curve.months_since,
    curve.at_risk,
    curve.survival,
    curve.ci_low,
    curve.ci_high
from curve
inner join cohorts on curve.month = cohorts.month and curve.cohort_type = cohorts.cohort_type and curve.cohort = cohorts.cohort
where curve.months_since <= {{ var('lifetime_horizon_months') }}
