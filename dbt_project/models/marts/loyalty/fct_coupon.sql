with coupons as (
    select coupon_id, source_system, customer_id, campaign_id, issued_at, expires_at, redeemed_at, order_id, face_value
    from {{ ref('stg_crm__coupons') }}
),

orders as (
    select order_id, is_purchase, net_amount, discount_amount, product_cost from {{ ref('fct_order') }}
),

versions as (
    select customer_id, store_id, region, valid_from, valid_to from {{ ref('int_core__customer_versions') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
),

known as (
    select
        coupons.coupon_id,
        coupons.source_system,
        coupons.customer_id,
        coupons.campaign_id,
        coupons.issued_at,
        coupons.expires_at,
        case when coupons.redeemed_at < run.as_of then coupons.redeemed_at end as redeemed_at,
        coupons.order_id,
        coupons.face_value,
        coupons.expires_at < run.as_of as is_ripe
    from coupons
    cross join run
    where coupons.issued_at < run.as_of
)

select
    known.coupon_id,
    known.source_system,
    known.customer_id,
    known.campaign_id,
    versions.store_id,
    coalesce(store_versions.region, versions.region) as region,
    known.issued_at,
    {{ local_month('known.issued_at') }} as issued_month,
    known.expires_at,
    case when known.is_ripe then {{ local_month('known.expires_at') }} end as expired_month,
    known.redeemed_at,
    {{ local_month('known.redeemed_at') }} as redeemed_month,
    known.redeemed_at is not null as is_redeemed,
    {{ measure('known.face_value') }} as face_value,
    case when known.redeemed_at is not null then orders.order_id end as order_id,
    case when known.redeemed_at is not null then orders.discount_amount end as discount_amount,
    case when known.redeemed_at is not null then orders.net_amount - orders.product_cost end as margin_after_discount
from known
left join orders on known.order_id = orders.order_id and orders.is_purchase
left join versions
    on
        known.customer_id = versions.customer_id
        and known.issued_at >= versions.valid_from
        and known.issued_at < versions.valid_to
left join store_versions
    on
        versions.store_id = store_versions.store_id
        and known.issued_at >= store_versions.valid_from
        and known.issued_at < store_versions.valid_to
