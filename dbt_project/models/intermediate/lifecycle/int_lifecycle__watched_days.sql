with months as (
    select month, month_end_date from {{ ref('int_core__months') }}
    union all
    -- who comes back was judged by the month before
    select {{ add_months('min(month)', -1) }} as month, {{ add_days('min(month)', -1) }} as month_end_date
    from {{ ref('int_core__months') }}
),

customers as (
    select customer_id, type from {{ ref('dim_customer') }}
),

order_days as (
    select customer_id, order_month, order_date from {{ ref('int_customer__order_days') }}
),

begun as (
    select
        customers.type,
        order_days.order_month,
        count(*) as order_days,
        {{ int_sum(day_number('order_days.order_date')) }} as day_numbers
    from order_days
    inner join customers on order_days.customer_id = customers.customer_id
    group by customers.type, order_days.order_month
)

-- each order day begins a gap, seen if it ends by the month's end: a steady flow over a time is watched half of it on average
select
    months.month,
    begun.type,
    {{ int_sum('begun.order_days') }} as order_days,
    {{ measure('2 * (' ~ day_number('months.month_end_date') ~ ' - ' ~ divide('sum(begun.day_numbers)', 'sum(begun.order_days)') ~ ')') }}
        as watched_days
from months
inner join begun on months.month >= begun.order_month
group by months.month, months.month_end_date, begun.type
