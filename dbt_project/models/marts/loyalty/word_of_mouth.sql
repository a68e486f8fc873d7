with customers as (
    select customer_id, source_system, acquired_at, acquired_month, acquisition_channel, referred_by
    from {{ ref('dim_customer') }}
    where acquired_at is not null
),

versions as (
    select customer_id, store_id, region, valid_from, valid_to from {{ ref('int_core__customer_versions') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
)

select
    customers.customer_id,
    customers.source_system,
    versions.store_id,
    coalesce(store_versions.region, versions.region) as region,
    customers.acquired_month,
    customers.acquisition_channel,
    customers.referred_by,
    case
        when customers.referred_by is not null or customers.acquisition_channel = 'referral' then true
        when customers.acquisition_channel is not null then false
    end as is_referred
from customers
cross join run
left join versions
    on
        customers.customer_id = versions.customer_id
        and customers.acquired_at >= versions.valid_from
        and customers.acquired_at < versions.valid_to
left join store_versions
    on
        versions.store_id = store_versions.store_id
        and customers.acquired_at >= store_versions.valid_from
        and customers.acquired_at < store_versions.valid_to
where customers.acquired_at < run.as_of
