{{ config(materialized='view') }}
with coupons as (
    select coupon_id, source_system, customer_id, campaign_id, issued_at, expires_at, redeemed_at, order_id, face_value
    from {{ ref('stg_crm__coupons') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
)

-- redeemed after as_of is not redeemed yet
select
    coupons.coupon_id,
    coupons.source_system,
    coupons.customer_id,
    coupons.campaign_id,
    coupons.issued_at,
    coupons.expires_at,
    coupons.expires_at < run.as_of as is_expired,
    case when coupons.redeemed_at < run.as_of then coupons.redeemed_at end as redeemed_at,
    case when coupons.redeemed_at < run.as_of then coupons.order_id end as order_id,
    coupons.face_value
from coupons
inner join run on coupons.issued_at < run.as_of
