{{ config(materialized='view') }}
with run as (
    select as_of from {{ source('control', 'run') }}
),

inspections as (
    select
        inspection_id,
        source_system,
        standard_id,
        store_id,
        inspected_at,
        passed
    from {{ ref('stg_crm__inspections') }}
),

inspection_standards as (
    select
        standard_id,
        source_system,
        servqual_dimension
    from {{ ref('inspection_standards') }}
),

givers as (
    select source_system, giver
    from {{ ref('int_core__givers') }}
    where entity = 'survey_items'
),

survey_items as (
    select
        givers.source_system,
        items.standard_id,
        min(items.dimension) as servqual_dimension
    from {{ ref('stg_crm__survey_items') }} as items
    inner join givers on items.source_system = givers.giver
    where items.dimension in ('tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy')
    group by givers.source_system, items.standard_id
)

select
    inspections.inspection_id,
    inspections.standard_id,
    inspections.store_id,
    inspections.inspected_at,
    coalesce(
        own_standards.servqual_dimension, inspection_standards.servqual_dimension, survey_items.servqual_dimension
    ) as servqual_dimension,
    inspections.passed as is_passed
from inspections
inner join run on inspections.inspected_at < run.as_of
left join inspection_standards as own_standards
    on inspections.standard_id = own_standards.standard_id and inspections.source_system = own_standards.source_system
left join inspection_standards
    on inspections.standard_id = inspection_standards.standard_id and inspection_standards.source_system is null
left join survey_items
    on inspections.source_system = survey_items.source_system and inspections.standard_id = survey_items.standard_id
