with lines as (
    select order_id, line_no, source_system, product_id, category, brand, quantity, unit_price, discount_amount, amount, product_cost
    from {{ ref('int_customer__order_lines') }}
),

orders as (
    select order_id, customer_id, ordered_at, is_valid, is_purchase
    from {{ ref('int_customer__orders') }}
),

returned as (
    select order_id, line_no, refund_amount
    from {{ ref('int_customer__refunds') }}
    where line_no is not null
),

refunds as (
    select
        order_id,
        line_no,
        {{ measure('sum(refund_amount)') }} as refund_amount,
        count(refund_amount) = count(*) as is_known
    from returned
    group by order_id, line_no
),

priced as (
    select
        lines.order_id,
        lines.line_no,
        lines.source_system,
        orders.customer_id,
        orders.ordered_at,
        orders.is_valid,
        orders.is_purchase,
        lines.product_id,
        lines.category,
        lines.brand,
        lines.quantity,
        lines.unit_price,
        lines.discount_amount,
        lines.amount,
        case when coalesce(refunds.is_known, true) then coalesce(refunds.refund_amount, {{ measure('0') }}) end as refund_amount,
        lines.product_cost
    from lines
    inner join orders on lines.order_id = orders.order_id
    left join refunds on lines.order_id = refunds.order_id and lines.line_no = refunds.line_no
)

select
    order_id,
    line_no,
    source_system,
    customer_id,
    ordered_at,
    {{ local_date('ordered_at') }} as order_date,
    {{ local_month('ordered_at') }} as order_month,
    is_valid,
    is_purchase,
    product_id,
    category,
    brand,
    quantity,
    unit_price,
    discount_amount,
    amount,
    refund_amount,
    {{ measure('amount - refund_amount') }} as net_amount,
    product_cost,
    {{ measure('amount - refund_amount - product_cost') }} as margin
from priced
