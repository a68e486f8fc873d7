with versions as (
    select customer_id, store_id, region, status, valid_from from {{ ref('int_core__customer_versions') }}
),

customers as (
    select customer_id, first_known_month from {{ ref('dim_customer') }}
)

select
    greatest({{ local_month('versions.valid_from') }}, customers.first_known_month) as month,
    versions.customer_id,
    versions.store_id,
    versions.region,
    versions.status,
    versions.valid_from
from versions
inner join customers on versions.customer_id = customers.customer_id
