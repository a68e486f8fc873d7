with coupons as (
    select coupon_id, source_system, customer_id, campaign_id, issued_at, expires_at, is_expired, redeemed_at, order_id, face_value
    from {{ ref('int_loyalty__coupons') }}
),

orders as (
    select order_id, is_purchase, net_amount, discount_amount, product_cost from {{ ref('fct_order') }}
),

versions as (
    select customer_id, store_id, region, valid_from, valid_to from {{ ref('int_core__customer_versions') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
)

select
    coupons.coupon_id,
    coupons.source_system,
    coupons.customer_id,
    coupons.campaign_id,
    versions.store_id,
    coalesce(store_versions.region, versions.region) as region,
    coupons.issued_at,
    {{ local_month('coupons.issued_at') }} as issued_month,
    coupons.expires_at,
    case when coupons.is_expired then {{ local_month('coupons.expires_at') }} end as expired_month,
    coupons.redeemed_at,
    {{ local_month('coupons.redeemed_at') }} as redeemed_month,
    coupons.redeemed_at is not null as is_redeemed,
    {{ measure('coupons.face_value') }} as face_value,
    orders.order_id,
    orders.discount_amount,
    orders.net_amount - orders.product_cost as margin_after_discount
from coupons
left join orders on coupons.order_id = orders.order_id and orders.is_purchase
left join versions
    on
        coupons.customer_id = versions.customer_id
        and coupons.issued_at >= versions.valid_from
        and coupons.issued_at < versions.valid_to
left join store_versions
    on
        versions.store_id = store_versions.store_id
        and coupons.issued_at >= store_versions.valid_from
        and coupons.issued_at < store_versions.valid_to
