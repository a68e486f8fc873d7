with run as (
    select as_of from {{ source('control', 'run') }}
),

inspections as (
    select
        inspection_id,
        standard_id,
        store_id,
        inspected_at,
        passed
    from {{ ref('stg_crm__inspections') }}
),

inspection_standards as (
    select
        standard_id,
        servqual_dimension
    from {{ ref('inspection_standards') }}
),

survey_items as (
    select
        standard_id,
        min(dimension) as servqual_dimension
    from {{ ref('stg_crm__survey_items') }}
    where dimension in ('tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy')
    group by standard_id
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
    coalesce(inspection_standards.servqual_dimension, survey_items.servqual_dimension) as servqual_dimension,
    inspections.passed as is_passed
from inspections
inner join run on inspections.inspected_at < run.as_of
left join inspection_standards on inspections.standard_id = inspection_standards.standard_id
left join survey_items on inspections.standard_id = survey_items.standard_id
left join store_versions
    on
        inspections.store_id = store_versions.store_id
        and inspections.inspected_at >= store_versions.valid_from
        and inspections.inspected_at < store_versions.valid_to
