{{ config(materialized='view') }}
with stores as (
    select store_id, source_system, name, department, region, brand, time_zone, schedule_id
    from {{ ref('stg_crm__stores') }}
)

select
    store_id,
    source_system,
    name,
    department,
    region,
    brand,
    coalesce(time_zone, {{ reporting_zone() }}) as time_zone,
    {{ own_schedule('schedule_id') }} as schedule_id
from stores
