with orders as (
    select
        order_id, source_system, customer_id, store_id, region, channel, order_month, is_purchase, gross_amount, sold_amount
    from {{ ref('fct_order') }}
    where is_valid
),

refunds as (
    select return_id, source_system, order_id, line_no, returned_month, refund_amount
    from {{ ref('int_customer__refunds') }}
),

lines as (
    select order_id, line_no, category, amount
    from {{ ref('fct_order_line') }}
    where is_valid
),

counted_orders as (
    select order_id, is_valid from {{ ref('fct_order') }}
),

-- what the goods of an order came to by category, where every line tells
category_amounts as (
    select
        order_id,
        category,
        sum(amount) as amount
    from lines
    where category is not null
    group by order_id, category
),

line_totals as (
    select
        order_id,
        sum(amount) as amount
    from lines
    group by order_id
    having count(amount) = count(*)
),

-- the order's own discount lowers all its goods alike; what it charges beside them (delivery) is of no category
order_parts as (
    select
        orders.order_id,
        category_amounts.category,
        cast(category_amounts.amount as double) / line_totals.amount
            * least(1e0, abs({{ divide('line_totals.amount', 'orders.gross_amount') }})) as share
    from orders
    inner join line_totals on orders.order_id = line_totals.order_id
    inner join category_amounts on orders.order_id = category_amounts.order_id
    where line_totals.amount <> 0 and orders.gross_amount <> 0
),

moved as (
    select
        'order:' || order_id as sale_id,
        case when is_purchase then 'order' else 'return' end as kind,
        source_system,
        order_id,
        cast(null as bigint) as line_no,
        customer_id,
        store_id,
        region,
        channel,
        order_month as month,
        sold_amount as amount
    from orders
    where sold_amount is not null
    union all
    select
        'refund:' || refunds.return_id as sale_id,
        'refund' as kind,
        refunds.source_system,
        refunds.order_id,
        refunds.line_no,
        orders.customer_id,
        orders.store_id,
        orders.region,
        orders.channel,
        refunds.returned_month as month,
        -refunds.refund_amount as amount
    from refunds
    left join orders on refunds.order_id = orders.order_id
    left join counted_orders on refunds.order_id = counted_orders.order_id
    where
        refunds.refund_amount is not null
        -- of an order that does not count nothing was sold, and of one with another refund of unknown amount nobody knows what
        and coalesce(counted_orders.is_valid, true)
        and (orders.order_id is null or orders.sold_amount is not null)
),

-- a refund of a line is of its category, one of the order lowers all its goods alike
shared as (
    select
        moved.sale_id,
        coalesce(lines.category, order_parts.category) as category,
        moved.amount as whole_amount,
        case
            when lines.order_id is not null then moved.amount
            else {{ measure('round(cast(moved.amount as double) * order_parts.share, 4)') }}
        end as amount
    from moved
    left join lines on moved.order_id = lines.order_id and moved.line_no = lines.line_no
    left join order_parts on moved.order_id = order_parts.order_id and lines.order_id is null
    where coalesce(lines.category, order_parts.category) is not null
),

rests as (
    select
        moved.sale_id,
        cast(null as {{ text_type() }}) as category,
        moved.amount - coalesce(sum(shared.amount), 0) as amount,
        count(shared.sale_id) as parts
    from moved
    left join shared on moved.sale_id = shared.sale_id
    group by moved.sale_id, moved.amount
),

-- what rounding leaves is no part of its own: the largest takes it
parts as (
    select sale_id, category, amount from shared
    union all
    select sale_id, category, amount from rests
    where parts = 0 or abs(amount) >= 0.001
),

roundings as (
    select sale_id, amount from rests
    where parts > 0 and abs(amount) < 0.001
),

-- each case counts once, in the category with most of its amount
ranked as (
    select
        sale_id,
        category,
        amount,
        row_number() over (
            partition by sale_id order by cast(abs(amount) as decimal(28, 2)) desc, case when category is null then 1 else 0 end, category
        ) as place
    from parts
)

select
    ranked.sale_id,
    moved.kind,
    moved.source_system,
    moved.order_id,
    moved.customer_id,
    moved.store_id,
    moved.region,
    moved.channel,
    ranked.category,
    moved.month,
    {{ measure('ranked.amount + case when ranked.place = 1 then coalesce(roundings.amount, 0) else 0 end') }} as amount,
    case when ranked.place = 1 then 1 else 0 end as cases
from ranked
inner join moved on ranked.sale_id = moved.sale_id
left join roundings on ranked.sale_id = roundings.sale_id
