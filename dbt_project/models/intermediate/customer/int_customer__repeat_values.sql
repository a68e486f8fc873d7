with history as (
    select valued_repeat_days, repeat_amount
    from {{ ref('int_customer__purchase_history') }}
    where valued_repeat_days > 0 and repeat_amount > 0
)

select
    valued_repeat_days as repeat_days,
    {{ divide('repeat_amount', 'valued_repeat_days') }} as mean_value,
    count(*) as customers
from history
group by valued_repeat_days, repeat_amount
