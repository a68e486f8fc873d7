{{ config(materialized='view') }}
with interactions as (
    select
        interaction_id,
        source_system,
        customer_id,
        agent_id,
        store_id,
        opportunity_id,
        channel,
        direction,
        purpose,
        need,
        started_at,
        answered_at,
        ended_at,
        coalesce(abandoned, false) as is_given_up,
        rings,
        queue_seconds,
        hold_seconds,
        wrap_up_seconds,
        follow_up_due_at,
        follow_up_done_at
    from {{ ref('stg_crm__interactions') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
)

select
    interactions.interaction_id,
    interactions.source_system,
    interactions.customer_id,
    interactions.agent_id,
    interactions.store_id,
    interactions.opportunity_id,
    interactions.channel,
    interactions.direction,
    interactions.purpose,
    interactions.need,
    interactions.started_at,
    case when interactions.answered_at < run.as_of then interactions.answered_at end as answered_at,
    case when interactions.ended_at < run.as_of then interactions.ended_at end as ended_at,
    -- a source that tells no end may still say that the caller gave up
    coalesce(interactions.ended_at < run.as_of, interactions.is_given_up) as has_ended,
    interactions.rings,
    interactions.queue_seconds,
    interactions.hold_seconds,
    interactions.wrap_up_seconds,
    interactions.follow_up_due_at,
    interactions.follow_up_due_at < run.as_of as is_follow_up_due,
    case when interactions.follow_up_done_at < run.as_of then interactions.follow_up_done_at end as follow_up_done_at
from interactions
inner join run on interactions.started_at < run.as_of
