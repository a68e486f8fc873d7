with history as (
    select repeat_days, repeat_amount
    from {{ ref('int_customer__purchase_history') }}
    where repeat_days > 0 and repeat_amount > 0
)

select
    repeat_days,
    {{ divide('repeat_amount', 'repeat_days') }} as mean_value,
    count(*) as customers
from history
group by repeat_days, repeat_amount
