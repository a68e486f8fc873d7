with orders as (
    select
        order_id, source_system, customer_id, store_id, channel, ordered_at, status, gross_amount, discount_amount,
        sold_amount, is_valid,
        is_purchase, is_delivered_at_unknown_time, coupon_id, is_customised, delay_reason, payment_due_at, promised_at, delivered_at
    from {{ ref('int_customer__orders') }}
),

lines as (
    select order_id, quantity, product_cost
    from {{ ref('fct_order_line') }}
),

refunds as (
    select order_id, refund_amount
    from {{ ref('int_customer__refunds') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to
    from {{ ref('int_core__store_versions') }}
),

customer_versions as (
    select customer_id, region, valid_from, valid_to
    from {{ ref('int_core__customer_versions') }}
),

re_promises as (
    select case_id, first_promised_at, re_promises
    from {{ ref('int_service__re_promises') }}
    where promise_source = 'orders'
),

run as (
    select as_of from {{ source('control', 'run') }}
),

line_totals as (
    select
        order_id,
        {{ measure('sum(quantity)') }} as units,
        {{ measure('sum(product_cost)') }} as product_cost,
        count(product_cost) = count(*) as is_cost_known
    from lines
    group by order_id
),

refunded as (
    select
        order_id,
        {{ measure('sum(refund_amount)') }} as refund_amount,
        count(refund_amount) = count(*) as is_amount_known
    from refunds
    group by order_id
),

-- what had happened by as_of: a delivery after it has not happened yet
known as (
    select
        orders.order_id,
        orders.source_system,
        orders.customer_id,
        orders.store_id,
        orders.channel,
        orders.ordered_at,
        orders.status,
        orders.gross_amount,
        orders.discount_amount,
        orders.coupon_id,
        orders.is_customised,
        orders.delay_reason,
        orders.payment_due_at,
        coalesce(re_promises.first_promised_at, orders.promised_at) as promised_at,
        case when orders.promised_at is not null then coalesce(re_promises.re_promises, 0) end as re_promises,
        orders.is_valid,
        orders.is_purchase,
        orders.sold_amount,
        coalesce(refunded.is_amount_known, true) as is_amount_known,
        case when coalesce(refunded.is_amount_known, true) then coalesce(refunded.refund_amount, 0) end as refund_amount,
        coalesce(re_promises.first_promised_at, orders.promised_at) < run.as_of as is_promise_past,
        orders.is_delivered_at_unknown_time,
        case when orders.delivered_at < run.as_of then orders.delivered_at end as delivered_by_then_at
    from orders
    cross join run
    left join re_promises on orders.order_id = re_promises.case_id
    left join refunded on orders.order_id = refunded.order_id
)

select
    known.order_id,
    known.source_system,
    known.customer_id,
    known.store_id,
    coalesce(store_versions.region, customer_versions.region) as region,
    known.channel,
    known.ordered_at,
    {{ local_date('known.ordered_at') }} as order_date,
    {{ local_month('known.ordered_at') }} as order_month,
    known.status,
    known.is_valid,
    known.is_purchase,
    known.sold_amount < 0 as is_return,
    known.is_amount_known,
    {{ measure('known.gross_amount') }} as gross_amount,
    {{ measure('known.discount_amount') }} as discount_amount,
    case when known.is_amount_known then {{ measure('known.sold_amount') }} end as sold_amount,
    {{ measure('known.refund_amount') }} as refund_amount,
    {{ measure('known.sold_amount - known.refund_amount') }} as net_amount,
    case when known.sold_amount < 0 then line_totals.product_cost * 0 else line_totals.product_cost end as product_cost,
    case
        when line_totals.is_cost_known
            then {{ measure('known.sold_amount - known.refund_amount - case when known.sold_amount < 0 then 0 else line_totals.product_cost end') }}
    end as margin,
    line_totals.units,
    known.coupon_id,
    known.is_customised,
    known.delay_reason,
    known.payment_due_at,
    known.promised_at,
    {{ local_month('known.promised_at') }} as promised_month,
    cast(known.re_promises as bigint) as re_promises,
    known.delivered_by_then_at as delivered_at,
    case
        when known.is_purchase and known.is_promise_past and not known.is_delivered_at_unknown_time
            then coalesce(known.delivered_by_then_at > known.promised_at, true)
    end as is_late,
    {{ days_between(local_date('known.promised_at'), local_date('known.delivered_by_then_at')) }} as days_late
from known
left join line_totals on known.order_id = line_totals.order_id
left join store_versions
    on known.store_id = store_versions.store_id
    and known.ordered_at >= store_versions.valid_from
    and known.ordered_at < store_versions.valid_to
left join customer_versions
    on known.customer_id = customer_versions.customer_id
    and known.ordered_at >= customer_versions.valid_from
    and known.ordered_at < customer_versions.valid_to
