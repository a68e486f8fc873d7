with orders as (
    select order_id, source_system, customer_id, store_id, region, channel, order_date, order_month, discount_amount, coupon_id
    from {{ ref('fct_order') }}
    where is_purchase and customer_id is not null
),

lines as (
    select order_id, discount_amount from {{ ref('fct_order_line') }}
),

line_discounts as (
    select order_id, {{ measure('sum(discount_amount)') }} as discount_amount
    from lines
    group by order_id
),

numbered as (
    select
        order_id,
        source_system,
        customer_id,
        store_id,
        region,
        channel,
        order_date,
        order_month,
        discount_amount,
        coupon_id,
        min(order_date) over (partition by customer_id) as first_order_date
    from orders
)

select
    numbered.order_id,
    numbered.source_system,
    numbered.customer_id,
    numbered.store_id,
    numbered.region,
    numbered.channel,
    numbered.order_month,
    numbered.discount_amount + coalesce(line_discounts.discount_amount, 0) as discount_amount,
    numbered.coupon_id is null and numbered.discount_amount + coalesce(line_discounts.discount_amount, 0) <= 0 as is_undiscounted
from numbered
left join line_discounts on numbered.order_id = line_discounts.order_id
where numbered.order_date > numbered.first_order_date
