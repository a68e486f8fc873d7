with lines as (
    select order_id, line_no, source_system, product_id, quantity, unit_price, discount_amount, amount, unit_cost
    from {{ ref('stg_crm__order_lines') }}
),

orders as (
    select order_id, customer_id, ordered_at, status, gross_amount, discount_amount
    from {{ ref('stg_crm__orders') }}
),

products as (
    select product_id, category, brand, unit_cost
    from {{ ref('stg_crm__products') }}
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
        {{ is_valid_order('orders.status') }} as is_valid,
        {{ is_purchase('orders') }} as is_purchase,
        lines.product_id,
        products.category,
        products.brand,
        {{ measure('lines.quantity') }} as quantity,
        case
            when lines.unit_price is not null then {{ measure('lines.unit_price') }}
            else {{ measure(divide('lines.amount + coalesce(lines.discount_amount, 0)', 'lines.quantity')) }}
        end as unit_price,
        {{ measure('coalesce(lines.discount_amount, 0)') }} as discount_amount,
        {{ measure(line_amount('lines')) }} as amount,
        case when coalesce(refunds.is_known, true) then coalesce(refunds.refund_amount, {{ measure('0') }}) end as refund_amount,
        {{ measure(units('lines.quantity') ~ ' * coalesce(lines.unit_cost, products.unit_cost)') }} as product_cost
    from lines
    inner join orders on lines.order_id = orders.order_id
    left join products on lines.product_id = products.product_id
    left join refunds on lines.order_id = refunds.order_id and lines.line_no = refunds.line_no
    where orders.ordered_at < {{ as_of() }}
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
