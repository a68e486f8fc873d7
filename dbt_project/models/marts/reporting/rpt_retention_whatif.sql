select
    month,
    year_number,
    retention,
    retention_raised,
    customers,
    customers_raised,
    profit,
    profit_raised,
    {{ measure('sum(profit) over (partition by month order by year_number)') }} as profit_so_far,
    {{ measure('sum(profit_raised) over (partition by month order by year_number)') }} as profit_raised_so_far
from {{ ref('retention_whatif') }}
