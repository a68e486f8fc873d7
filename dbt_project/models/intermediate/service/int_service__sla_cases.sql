with tickets as (
    select
        ticket_id,
        created_at,
        created_open_seconds
    from {{ ref('int_service__tickets') }}
    where deleted_at is null
),

replies as (
    select
        ticket_id,
        first_reply_at,
        first_reply_open_seconds
    from {{ ref('int_service__ticket_replies') }}
),

resolutions as (
    select
        ticket_id,
        first_resolved_at,
        first_resolved_open_seconds,
        solved_at,
        solved_open_seconds
    from {{ ref('int_service__ticket_resolutions') }}
),

next_replies as (
    select
        ticket_id,
        instance_no,
        asked_at,
        asked_open_seconds,
        replied_at,
        replied_open_seconds
    from {{ ref('int_service__next_replies') }}
),

resolving as (
    select
        ticket_id,
        started_at,
        started_open_seconds
    from {{ ref('int_service__status_periods') }}
    where is_resolved and not was_resolved
),

ticket_versions as (
    select
        ticket_id,
        priority,
        valid_from,
        valid_to
    from {{ ref('int_service__ticket_versions') }}
),

policies as (
    select
        policy_id,
        metric,
        priority,
        clock,
        target_minutes,
        applies_from,
        applies_to
    from {{ ref('int_service__policy_versions') }}
),

-- a solve ends the wait for a reply
next_replies_or_solves as (
    select
        next_replies.ticket_id,
        next_replies.instance_no,
        next_replies.asked_at,
        next_replies.asked_open_seconds,
        least(next_replies.replied_at, min(resolving.started_at)) as event_at,
        least(next_replies.replied_open_seconds, min(resolving.started_open_seconds)) as event_open_seconds
    from next_replies
    left join resolving
        on next_replies.ticket_id = resolving.ticket_id and next_replies.asked_at < resolving.started_at
    group by
        next_replies.ticket_id,
        next_replies.instance_no,
        next_replies.asked_at,
        next_replies.asked_open_seconds,
        next_replies.replied_at,
        next_replies.replied_open_seconds
),

-- only tickets with events: a source that gives only tickets says nothing of what was done
promised as (
    select
        tickets.ticket_id,
        'first_reply' as metric,
        cast(1 as bigint) as instance_no,
        tickets.created_at as applied_at,
        tickets.created_open_seconds as applied_open_seconds,
        least(replies.first_reply_at, resolutions.first_resolved_at) as event_at,
        least(replies.first_reply_open_seconds, resolutions.first_resolved_open_seconds) as event_open_seconds
    from tickets
    inner join replies on tickets.ticket_id = replies.ticket_id
    left join resolutions on tickets.ticket_id = resolutions.ticket_id
    {%- for metric in paused_metrics() %}
    {%- set event = 'first_resolved' if metric == 'first_resolution' else 'solved' %}
    union all
    select
        tickets.ticket_id,
        '{{ metric }}' as metric,
        cast(1 as bigint) as instance_no,
        tickets.created_at as applied_at,
        tickets.created_open_seconds as applied_open_seconds,
        resolutions.{{ event }}_at as event_at,
        resolutions.{{ event }}_open_seconds as event_open_seconds
    from tickets
    inner join resolutions on tickets.ticket_id = resolutions.ticket_id
    {%- endfor %}
    union all
    select
        tickets.ticket_id,
        'next_reply' as metric,
        cast(next_replies_or_solves.instance_no as bigint) as instance_no,
        next_replies_or_solves.asked_at as applied_at,
        next_replies_or_solves.asked_open_seconds as applied_open_seconds,
        next_replies_or_solves.event_at,
        next_replies_or_solves.event_open_seconds
    from tickets
    inner join next_replies_or_solves on tickets.ticket_id = next_replies_or_solves.ticket_id
),

-- priority and target are those of the moment at which the promise was made
matched as (
    select
        promised.ticket_id,
        promised.metric,
        promised.instance_no,
        promised.applied_at,
        promised.applied_open_seconds,
        promised.event_at,
        promised.event_open_seconds,
        policies.policy_id,
        policies.priority,
        policies.clock,
        policies.target_minutes,
        row_number() over (
            partition by promised.ticket_id, promised.metric, promised.instance_no
            order by policies.applies_from desc, policies.policy_id asc
        ) as match_no
    from promised
    inner join ticket_versions
        on
            promised.ticket_id = ticket_versions.ticket_id
            and promised.applied_at >= ticket_versions.valid_from
            and promised.applied_at < ticket_versions.valid_to
    inner join policies
        on
            promised.metric = policies.metric
            and ticket_versions.priority = policies.priority
            and promised.applied_at >= policies.applies_from
            and promised.applied_at < policies.applies_to
)

select
    ticket_id,
    metric,
    instance_no,
    policy_id,
    priority,
    clock,
    target_minutes,
    applied_at,
    applied_open_seconds,
    event_at,
    event_open_seconds
from matched
where match_no = 1
