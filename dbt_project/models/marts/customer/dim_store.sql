with stores as (
    select store_id, source_system, name, department, region, brand, time_zone, schedule_id
    from {{ ref('int_core__stores') }}
)

select
    store_id,
    source_system,
    name,
    department,
    region,
    brand,
    time_zone,
    schedule_id
from stores
