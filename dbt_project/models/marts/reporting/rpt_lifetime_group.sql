select
    month,
    cohort_type,
    cohort,
    most_at_risk as customers,
    ended,
    median_months,
    restricted_mean_months,
    horizon_months,
    survival_12_months,
    most_at_risk < {{ var('min_n') }} as is_too_few
from {{ ref('lifetime_group') }}
where is_from_start
