with known as (
    select
        interaction_id,
        customer_id,
        agent_id,
        store_id,
        started_at,
        answered_at,
        ended_at,
        has_ended,
        rings,
        queue_seconds,
        hold_seconds,
        wrap_up_seconds
    from {{ ref('int_service__interactions') }}
    where channel = 'phone' and direction = 'inbound'
),

store_versions as (
    select
        store_id,
        region,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

agent_versions as (
    select
        agent_id,
        team,
        valid_from,
        valid_to
    from {{ ref('int_core__agent_versions') }}
),

timed as (
    select
        interaction_id,
        customer_id,
        agent_id,
        store_id,
        started_at,
        answered_at,
        ended_at,
        rings,
        hold_seconds,
        wrap_up_seconds,
        answered_at is not null as is_answered,
        -- still ringing at as_of is neither
        answered_at is null and has_ended as is_abandoned,
        coalesce(queue_seconds, {{ seconds_between('started_at', 'coalesce(answered_at, ended_at)') }}) as wait_seconds,
        {{ seconds_between('answered_at', 'ended_at') }} as connected_seconds
    from known
)

select
    timed.interaction_id,
    timed.customer_id,
    timed.store_id,
    store_versions.region,
    agent_versions.team,
    timed.started_at,
    {{ local_month('timed.started_at') }} as month,
    timed.is_abandoned and coalesce(timed.wait_seconds, 0) < {{ var('short_abandon_seconds') }} as is_short_abandon,
    timed.is_answered
    or (timed.is_abandoned and coalesce(timed.wait_seconds, 0) >= {{ var('short_abandon_seconds') }}) as is_offered,
    timed.is_answered,
    timed.is_abandoned and coalesce(timed.wait_seconds, 0) >= {{ var('short_abandon_seconds') }} as is_abandoned,
    cast(timed.wait_seconds as bigint) as wait_seconds,
    timed.is_answered and timed.wait_seconds <= {{ var('service_level_seconds') }} as is_within_service_level,
    case when timed.is_answered then timed.rings end as rings,
    -- hold is part of the time connected
    case
        when timed.connected_seconds is not null
            then cast(greatest(timed.connected_seconds - coalesce(timed.hold_seconds, 0), 0) as bigint)
    end as talk_seconds,
    case when timed.is_answered then coalesce(timed.hold_seconds, 0) end as hold_seconds,
    case when timed.is_answered then coalesce(timed.wrap_up_seconds, 0) end as wrap_up_seconds,
    cast(timed.connected_seconds + coalesce(timed.wrap_up_seconds, 0) as bigint) as handle_seconds
from timed
left join store_versions
    on
        timed.store_id = store_versions.store_id
        and timed.started_at >= store_versions.valid_from
        and timed.started_at < store_versions.valid_to
left join agent_versions
    on
        timed.agent_id = agent_versions.agent_id
        and timed.started_at >= agent_versions.valid_from
        and timed.started_at < agent_versions.valid_to
