-- One pass over the lines. Shanghai keeps one clock all year, so its day is eight hours ahead of UTC's.
with refunds as (
    select order_id, line_no, case when count(refund_amount) = count(*) then sum(refund_amount) end as refund_amount, true as is_refunded
    from intermediate.int_customer__refunds
    where line_no is not null
    group by order_id, line_no
),
priced as (
    select
        *,
        coalesce(amount, quantity * unit_price - coalesce(discount_amount, 0))::decimal(28, 8) as line_amount,
        coalesce(unit_price, (amount + coalesce(discount_amount, 0))::double / nullif(quantity::double, 0)) as price
    from staging.stg_crm__order_lines
)
select
    l.order_id,
    l.line_no,
    l.source_system,
    o.customer_id,
    o.ordered_at,
    (o.ordered_at + interval 8 hours)::date as order_date,
    date_trunc('month', (o.ordered_at + interval 8 hours)::date)::date as order_month,
    o.status is null or o.status not in ('cancelled', 'unavailable') as is_valid,
    (o.status is null or o.status not in ('cancelled', 'unavailable')) and o.gross_amount >= coalesce(o.discount_amount, 0) as is_purchase,
    l.product_id,
    p.category,
    p.brand,
    l.quantity::decimal(28, 8) as quantity,
    l.price::decimal(28, 8) as unit_price,
    coalesce(l.discount_amount, 0)::decimal(28, 8) as discount_amount,
    l.line_amount as amount,
    case when is_refunded then r.refund_amount else 0 end::decimal(28, 8) as refund_amount,
    (l.line_amount - case when is_refunded then r.refund_amount else 0 end)::decimal(28, 8) as net_amount,
    (l.quantity * coalesce(l.unit_cost, p.unit_cost))::decimal(28, 8) as product_cost,
    (
        l.line_amount - case when is_refunded then r.refund_amount else 0 end - l.quantity * coalesce(l.unit_cost, p.unit_cost)
    )::decimal(28, 8) as margin
from priced as l
inner join staging.stg_crm__orders as o using (order_id)
left join staging.stg_crm__products as p using (product_id)
left join refunds as r using (order_id, line_no)
where o.ordered_at < (select as_of from control.run)
