with curve as (
    select month, cohort_type, cohort, months_since, at_risk, ended, survival
    from {{ ref('lifetime_group_curve') }}
),

lengths as (
    select
        month,
        cohort_type,
        cohort,
        months_since,
        at_risk,
        ended,
        survival,
        least(max(months_since) over (partition by month, cohort_type, cohort), {{ var('lifetime_horizon_months') }}) as horizon_months
    from curve
),

summed as (
    select
        month,
        cohort_type,
        cohort,
        max(at_risk) as most_at_risk,
        {{ int_sum('ended') }} as ended,
        max(case when months_since = 1 then at_risk else 0 end) > 0 as is_from_start,
        min(case when survival <= 0.5 then months_since end) as median_months,
        sum(case when months_since < horizon_months then survival else 0 end) as mean_months,
        max(horizon_months) as horizon_months,
        max(case when months_since = 12 then survival end) as survival_12_months
    from lengths
    group by month, cohort_type, cohort
)

-- a cohort first seen long after its start says nothing of those who had left by then
select
    month,
    cohort_type,
    cohort,
    most_at_risk,
    ended,
    is_from_start,
    case when is_from_start then median_months end as median_months,
    case when is_from_start then {{ measure('mean_months') }} end as restricted_mean_months,
    horizon_months,
    case when is_from_start then survival_12_months end as survival_12_months
from summed
