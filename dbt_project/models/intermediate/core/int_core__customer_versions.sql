with versions as (
    select customer_id, store_id, region, status, valid_from, valid_to from {{ ref('int_core__record_versions') }}
),

records as (
    select customer_id, person_id
    from {{ ref('int_core__customer_records') }}
    where record_no = 1
)

select
    records.person_id as customer_id,
    versions.store_id,
    versions.region,
    versions.status,
    versions.valid_from,
    versions.valid_to
from versions
inner join records on versions.customer_id = records.customer_id
