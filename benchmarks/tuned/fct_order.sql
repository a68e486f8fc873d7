-- Lines are summed as the integers and decimals they are; the versions of stores are few enough for a plain join.
with
totals as (
    select
        order_id,
        sum(quantity)::decimal(28, 8) as units,
        sum(product_cost)::decimal(28, 8) as product_cost,
        count(product_cost) = count(*) as is_cost_known
    from kefu.customer.fct_order_line
    group by order_id
),
refunds as (
    select order_id, sum(refund_amount)::decimal(28, 8) as refund_amount, count(refund_amount) = count(*) as is_known
    from intermediate.int_customer__refunds
    group by order_id
),
orders as (
    select
        o.* replace (coalesce(p.first_promised_at, o.promised_at) as promised_at),
        p.re_promises,
        o.status is null or o.status not in ('cancelled', 'unavailable') as is_valid,
        o.gross_amount - coalesce(o.discount_amount, 0) as sold,
        coalesce(r.is_known, true) as is_known,
        case when coalesce(r.is_known, true) then coalesce(r.refund_amount, 0) end as refunded
    from staging.stg_crm__orders as o
    left join refunds as r using (order_id)
    left join intermediate.int_service__re_promises as p on p.promise_source = 'orders' and p.case_id = o.order_id
)
select
    o.order_id,
    o.source_system,
    o.customer_id,
    o.store_id,
    coalesce(s.region, c.region) as region,
    o.channel,
    o.ordered_at,
    (o.ordered_at + interval 8 hours)::date as order_date,
    date_trunc('month', (o.ordered_at + interval 8 hours)::date)::date as order_month,
    o.status,
    o.is_valid,
    o.is_valid and o.sold >= 0 as is_purchase,
    o.sold < 0 as is_return,
    o.is_known as is_amount_known,
    o.gross_amount::decimal(28, 8) as gross_amount,
    coalesce(o.discount_amount, 0)::decimal(28, 8) as discount_amount,
    case when o.is_known then o.sold::decimal(28, 8) end as sold_amount,
    o.refunded::decimal(28, 8) as refund_amount,
    (o.sold - o.refunded)::decimal(28, 8) as net_amount,
    t.product_cost * (o.sold >= 0)::int as product_cost,
    case when t.is_cost_known then (o.sold - o.refunded - t.product_cost * (o.sold >= 0)::int)::decimal(28, 8) end as margin,
    t.units,
    o.coupon_id,
    o.is_customised,
    o.delay_reason,
    o.payment_due_at,
    o.promised_at,
    date_trunc('month', (o.promised_at + interval 8 hours)::date)::date as promised_month,
    case when o.promised_at is not null then coalesce(o.re_promises, 0) end as re_promises,
    case when o.delivered_at < run.as_of then o.delivered_at end as delivered_at,
    case
        when o.is_valid and o.sold >= 0
            and o.promised_at < run.as_of and not (o.status is not distinct from 'delivered' and o.delivered_at is null)
            then o.delivered_at is null or o.delivered_at >= run.as_of or o.delivered_at > o.promised_at
    end as is_late,
    date_diff(
        'day',
        (o.promised_at + interval 8 hours)::date,
        (case when o.delivered_at < run.as_of then o.delivered_at end + interval 8 hours)::date
    ) as days_late
from orders as o
cross join control.run as run
left join totals as t using (order_id)
left join intermediate.int_core__store_versions as s
    on s.store_id = o.store_id and o.ordered_at >= s.valid_from and o.ordered_at < s.valid_to
left join intermediate.int_core__customer_versions as c
    on c.customer_id = o.customer_id and o.ordered_at >= c.valid_from and o.ordered_at < c.valid_to
where o.ordered_at < run.as_of
