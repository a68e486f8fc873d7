{{ config(materialized='view') }}
with store_hours as (
    select
        store_id,
        opened_at,
        closed_at
    from {{ ref('stg_crm__store_hours') }}
),

store_versions as (
    select
        store_id,
        region,
        {{ own_schedule('schedule_id') }} as schedule_id,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

schedules as (
    {{ schedule_zones() }}
),

run as (
    select as_of from {{ source('control', 'run') }}
)

select
    store_hours.store_id,
    store_versions.region,
    store_versions.schedule_id,
    {{ local_date('store_hours.opened_at', 'schedules.time_zone') }} as local_day,
    store_hours.opened_at,
    least(coalesce(store_hours.closed_at, run.as_of), run.as_of) as closed_at
from store_hours
inner join run on store_hours.opened_at < run.as_of
inner join store_versions
    on
        store_hours.store_id = store_versions.store_id
        and store_hours.opened_at >= store_versions.valid_from
        and store_hours.opened_at < store_versions.valid_to
inner join schedules on store_versions.schedule_id = schedules.schedule_id
