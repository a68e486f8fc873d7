select
    month,
    step,
    from_link,
    to_link,
    n,
    stores,
    correlation,
    ci_low,
    ci_high
from {{ ref('service_profit_chain') }}
