with inspections as (
    select
        inspection_id,
        standard_id,
        store_id,
        inspected_at,
        servqual_dimension,
        is_passed
    from {{ ref('int_service__inspections') }}
),

store_versions as (
    select
        store_id,
        region,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
)

select
    inspections.inspection_id,
    inspections.standard_id,
    inspections.store_id,
    store_versions.region,
    inspections.inspected_at,
    {{ local_month('inspections.inspected_at') }} as month,
    inspections.servqual_dimension,
    inspections.is_passed
from inspections
left join store_versions
    on
        inspections.store_id = store_versions.store_id
        and inspections.inspected_at >= store_versions.valid_from
        and inspections.inspected_at < store_versions.valid_to
