-- One pass over the lines. Shanghai keeps one clock all year, so its day is eight hours ahead of UTC's.
with refunds as (
    select order_id, line_no, sum(refund_amount) as refund_amount
    from staging.stg_crm__returns
    where kind = 'refund' and returned_at < (select as_of from control.run)
    group by order_id, line_no
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
    l.product_id,
    p.category,
    p.brand,
    l.quantity::decimal(28, 8) as quantity,
    l.unit_price::decimal(28, 8) as unit_price,
    coalesce(l.discount_amount, 0)::decimal(28, 8) as discount_amount,
    coalesce(r.refund_amount, 0)::decimal(28, 8) as refund_amount,
    (l.quantity * l.unit_price - coalesce(l.discount_amount, 0) - coalesce(r.refund_amount, 0))::decimal(28, 8) as net_amount,
    (l.quantity * coalesce(l.unit_cost, p.unit_cost))::decimal(28, 8) as product_cost,
    (
        l.quantity * l.unit_price - coalesce(l.discount_amount, 0) - coalesce(r.refund_amount, 0)
        - l.quantity * coalesce(l.unit_cost, p.unit_cost)
    )::decimal(28, 8) as margin
from staging.stg_crm__order_lines as l
inner join staging.stg_crm__orders as o using (order_id)
left join staging.stg_crm__products as p using (product_id)
left join refunds as r using (order_id, line_no)
where o.ordered_at < (select as_of from control.run)
