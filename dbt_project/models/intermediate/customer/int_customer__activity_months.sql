with orders as (
    select order_id, customer_id, order_date, order_month, is_purchase, sold_amount
    from {{ ref('fct_order') }}
    where is_valid and customer_id is not null
),

refunds as (
    select order_id, returned_month, refund_amount from {{ ref('int_customer__refunds') }}
),

order_days as (
    select customer_id, order_date, order_month, gap_days, own_limit_days from {{ ref('int_customer__order_days') }}
),

movements as (
    select
        customer_id,
        order_month as month,
        case when is_purchase then order_date end as order_date,
        {{ to_int('is_purchase') }} as orders_count,
        case when is_purchase and sold_amount is not null then 1 else 0 end as valued_orders,
        sold_amount as amount
    from orders
    union all
    select
        orders.customer_id,
        refunds.returned_month as month,
        cast(null as date) as order_date,
        0 as orders_count,
        0 as valued_orders,
        -refunds.refund_amount as amount
    from refunds
    inner join orders on refunds.order_id = orders.order_id
    -- an order of which nobody knows what is left is in no amount, and so are its refunds
    where orders.sold_amount is not null
),

monthly as (
    select
        customer_id,
        month,
        {{ int_sum('orders_count') }} as orders_count,
        {{ int_sum('valued_orders') }} as valued_orders,
        count(distinct order_date) as order_days,
        {{ measure('coalesce(sum(amount), 0)') }} as spend,
        max(order_date) as last_order_date
    from movements
    group by customer_id, month
),

gap_sums as (
    select
        customer_id,
        order_month as month,
        count(gap_days) as gaps_count,
        {{ int_sum('gap_days') }} as gap_days,
        {{ int_sum('gap_days * gap_days') }} as gap_days_squared
    from order_days
    group by customer_id, order_month
),

order_months as (
    select
        monthly.customer_id,
        monthly.month,
        lead(monthly.month) over (partition by monthly.customer_id order by monthly.month) as next_order_month,
        lag(monthly.last_order_date) over (partition by monthly.customer_id order by monthly.month) as previous_order_date,
        lag(order_days.own_limit_days) over (partition by monthly.customer_id order by monthly.month) as previous_own_limit_days,
        order_days.own_limit_days
    from monthly
    inner join order_days
        on monthly.customer_id = order_days.customer_id
        and monthly.last_order_date = order_days.order_date
)

select
    monthly.customer_id,
    monthly.month,
    monthly.orders_count,
    monthly.valued_orders,
    monthly.order_days,
    monthly.spend,
    monthly.last_order_date,
    coalesce(gap_sums.gaps_count, 0) as gaps_count,
    coalesce(gap_sums.gap_days, 0) as gap_days,
    coalesce(gap_sums.gap_days_squared, 0) as gap_days_squared,
    order_months.own_limit_days,
    order_months.next_order_month,
    order_months.previous_order_date,
    order_months.previous_own_limit_days
from monthly
left join gap_sums
    on monthly.customer_id = gap_sums.customer_id
    and monthly.month = gap_sums.month
left join order_months
    on monthly.customer_id = order_months.customer_id
    and monthly.month = order_months.month
