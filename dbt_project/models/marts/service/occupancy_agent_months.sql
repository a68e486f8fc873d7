with logged_in as (
    select
        agent_id,
        month,
        first_at,
        logged_in_seconds
    from {{ ref('int_service__logged_in_months') }}
),

interactions as (
    select
        agent_id,
        started_at,
        answered_at,
        ended_at,
        wrap_up_seconds
    from {{ ref('int_service__interactions') }}
    where channel = 'phone' and agent_id is not null and answered_at is not null and ended_at is not null
),

agent_versions as (
    select
        agent_id,
        team,
        store_id,
        valid_from,
        valid_to
    from {{ ref('int_core__agent_versions') }}
),

store_versions as (
    select
        store_id,
        region,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

handled as (
    select
        interactions.agent_id,
        {{ local_month('interactions.started_at') }} as month,
        count(*) as handled_calls,
        {{ int_sum(
            seconds_between('interactions.answered_at', 'interactions.ended_at') ~ ' + coalesce(interactions.wrap_up_seconds, 0)'
        ) }} as handle_seconds
    from interactions
    group by interactions.agent_id, {{ local_month('interactions.started_at') }}
)

-- of an agent of whom no log-in is known nobody can say how busy the time was
select
    logged_in.agent_id,
    logged_in.month,
    agent_versions.team,
    agent_versions.store_id,
    store_versions.region,
    coalesce(handled.handled_calls, 0) as handled_calls,
    coalesce(handled.handle_seconds, 0) as handle_seconds,
    logged_in.logged_in_seconds
from logged_in
left join handled on logged_in.agent_id = handled.agent_id and logged_in.month = handled.month
left join agent_versions
    on
        logged_in.agent_id = agent_versions.agent_id
        and logged_in.first_at >= agent_versions.valid_from
        and logged_in.first_at < agent_versions.valid_to
left join store_versions
    on
        agent_versions.store_id = store_versions.store_id
        and logged_in.first_at >= store_versions.valid_from
        and logged_in.first_at < store_versions.valid_to
