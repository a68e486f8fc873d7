with run as (
    select as_of from {{ source('control', 'run') }}
),

standards as (
    select
        standard_id,
        source,
        service_type,
        limit_value,
        limit_unit,
        mean_target,
        on_time_target,
        valid_from,
        valid_to
    from {{ ref('int_service__standards') }}
    where source in ('service_orders', 'calls')
),

names as (
    select source_system, standard_id from {{ ref('int_service__standard_names') }}
),

service_orders as (
    select
        service_order_id,
        source_system,
        store_id,
        region,
        schedule_id,
        service_type,
        requested_at,
        completed_at
    from {{ ref('fct_service_order') }}
    where not is_cancelled
),

interactions as (
    select
        interaction_id,
        source_system,
        store_id,
        started_at,
        answered_at,
        ended_at,
        rings,
        queue_seconds,
        abandoned
    from {{ ref('stg_crm__interactions') }}
    where channel = 'phone' and direction = 'inbound'
),

store_versions as (
    select
        store_id,
        region,
        schedule_id,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

-- a caller who gives up at once is no case; a call that nobody answered is one that took too long
calls as (
    select
        interactions.interaction_id,
        interactions.source_system,
        interactions.store_id,
        store_versions.region,
        {{ own_schedule('store_versions.schedule_id') }} as schedule_id,
        interactions.started_at,
        interactions.answered_at,
        interactions.rings
    from interactions
    cross join run
    left join store_versions
        on
            interactions.store_id = store_versions.store_id
            and interactions.started_at >= store_versions.valid_from
            and interactions.started_at < store_versions.valid_to
    where
        interactions.started_at < run.as_of
        and (interactions.answered_at is null or interactions.rings is not null)
        and not (
            coalesce(interactions.abandoned, false)
            and coalesce(
                interactions.queue_seconds, {{ seconds_between('interactions.started_at', 'interactions.ended_at') }}, 0
            ) < {{ var('short_abandon_seconds') }}
        )
),

cases as (
    select
        standards.standard_id,
        standards.source as case_source,
        service_orders.service_order_id as case_id,
        service_orders.source_system,
        service_orders.store_id,
        service_orders.region,
        service_orders.schedule_id,
        service_orders.requested_at,
        service_orders.completed_at as delivered_at,
        cast(null as bigint) as rings,
        standards.limit_value,
        standards.limit_unit,
        standards.mean_target,
        standards.on_time_target,
        standards.valid_from,
        standards.valid_to
    from service_orders
    inner join names on service_orders.source_system = names.source_system
    inner join standards
        on
            names.standard_id = standards.standard_id
            and service_orders.service_type = standards.service_type
            and standards.source = 'service_orders'
    union all
    select
        standards.standard_id,
        standards.source as case_source,
        calls.interaction_id as case_id,
        calls.source_system,
        calls.store_id,
        calls.region,
        calls.schedule_id,
        calls.started_at as requested_at,
        calls.answered_at as delivered_at,
        calls.rings,
        standards.limit_value,
        standards.limit_unit,
        standards.mean_target,
        standards.on_time_target,
        standards.valid_from,
        standards.valid_to
    from calls
    inner join names on calls.source_system = names.source_system
    inner join standards on names.standard_id = standards.standard_id and standards.source = 'calls'
)

select
    standard_id,
    case_source,
    case_id,
    source_system,
    store_id,
    region,
    schedule_id,
    requested_at,
    {{ local_date('requested_at') }} as requested_date,
    delivered_at,
    rings,
    limit_value,
    limit_unit,
    mean_target,
    on_time_target
from cases
where
    {{ local_date('requested_at') }} >= coalesce(valid_from, {{ local_date('requested_at') }})
    and {{ local_date('requested_at') }} <= coalesce(valid_to, {{ local_date('requested_at') }})
