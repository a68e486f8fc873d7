with interactions as (
    select interaction_id, source_system, customer_id, agent_id, store_id, channel, purpose, started_at, follow_up_due_at, follow_up_done_at
    from {{ ref('stg_crm__interactions') }}
    where follow_up_due_at is not null
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
),

known as (
    select
        interactions.interaction_id,
        interactions.source_system,
        interactions.customer_id,
        interactions.agent_id,
        interactions.store_id,
        interactions.channel,
        interactions.purpose,
        interactions.follow_up_due_at as due_at,
        case when interactions.follow_up_done_at < run.as_of then interactions.follow_up_done_at end as done_at,
        interactions.follow_up_due_at < run.as_of as is_due
    from interactions
    cross join run
    where interactions.started_at < run.as_of
)

select
    known.interaction_id,
    known.source_system,
    known.customer_id,
    known.agent_id,
    known.store_id,
    store_versions.region,
    known.channel,
    known.purpose,
    known.due_at,
    {{ local_month('known.due_at') }} as due_month,
    known.done_at,
    case when known.is_due then coalesce(known.done_at <= known.due_at, false) end as is_on_time
from known
left join store_versions
    on
        known.store_id = store_versions.store_id
        and known.due_at >= store_versions.valid_from
        and known.due_at < store_versions.valid_to
