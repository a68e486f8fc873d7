{{ config(materialized='view') }}
with orders as (
    select
        order_id,
        source_system,
        customer_id,
        store_id,
        channel,
        ordered_at,
        status,
        coalesce(status, 'placed') as stated_status,
        currency,
        gross_amount,
        coalesce(discount_amount, 0) as discount_amount,
        {{ sold_amount('orders') }} as sold_amount,
        coupon_id,
        is_customised,
        delay_reason,
        payment_due_at,
        promised_at,
        delivered_at
    from {{ ref('stg_crm__orders') }} as orders
    where ordered_at < {{ as_of() }}
)

select
    order_id,
    source_system,
    customer_id,
    store_id,
    channel,
    ordered_at,
    status,
    -- a source without a status only sends orders that count
    stated_status not in ('cancelled', 'unavailable') as is_valid,
    -- an order that counts and sold something, if only for nothing; one below 0 is a return
    stated_status not in ('cancelled', 'unavailable') and sold_amount >= 0 as is_purchase,
    stated_status = 'delivered' and delivered_at is null as is_delivered_at_unknown_time,
    currency,
    gross_amount,
    discount_amount,
    sold_amount,
    coupon_id,
    is_customised,
    delay_reason,
    payment_due_at,
    promised_at,
    delivered_at
from orders
