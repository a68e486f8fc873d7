select
    month,
    instrument,
    score,
    n,
    repurchase_rate,
    ci_low,
    ci_high,
    n < {{ var('min_n') }} as is_too_few,
    pair_count,
    has_zones,
    zone,
    break_1,
    break_2,
    fitted_rate
from {{ ref('satisfaction_loyalty_curve') }}
