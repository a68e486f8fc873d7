with tickets as (
    select
        ticket_id,
        source_system,
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
        is_timed,
        is_closed_unrecorded,
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
        coalesce(replied_at, solved_at) as event_at,
        coalesce(replied_open_seconds, solved_open_seconds) as event_open_seconds
    from {{ ref('int_service__next_replies') }}
),

ticket_priorities as (
    select
        ticket_id,
        priority,
        valid_from,
        valid_to
    from {{ ref('int_service__ticket_priorities') }}
),

policies as (
    select
        policy_id,
        source_system,
        metric,
        priority,
        clock,
        target_minutes,
        applies_from,
        applies_to
    from {{ ref('int_service__policy_versions') }}
),

givers as (
    select
        source_system,
        giver
    from {{ ref('int_core__givers') }}
    where entity = 'sla_policies'
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
    inner join resolutions on tickets.ticket_id = resolutions.ticket_id and resolutions.is_timed
    {%- endfor %}
    union all
    select
        tickets.ticket_id,
        'next_reply' as metric,
        cast(next_replies.instance_no as bigint) as instance_no,
        next_replies.asked_at as applied_at,
        next_replies.asked_open_seconds as applied_open_seconds,
        next_replies.event_at,
        next_replies.event_open_seconds
    from tickets
    inner join next_replies on tickets.ticket_id = next_replies.ticket_id
),

-- what a load alone shows closed was done nobody knows when: whether in time is not known
judged as (
    select
        promised.ticket_id,
        promised.metric,
        promised.instance_no,
        promised.applied_at,
        promised.applied_open_seconds,
        promised.event_at,
        promised.event_open_seconds
    from promised
    left join resolutions on promised.ticket_id = resolutions.ticket_id
    where promised.event_at is not null or not coalesce(resolutions.is_closed_unrecorded, false)
),

-- priority and target are those of the moment at which the promise was made; a source's own policies judge its tickets, those of
-- others only where it sends none
matched as (
    select
        judged.ticket_id,
        judged.metric,
        judged.instance_no,
        judged.applied_at,
        judged.applied_open_seconds,
        judged.event_at,
        judged.event_open_seconds,
        policies.policy_id,
        policies.priority,
        policies.clock,
        policies.target_minutes,
        row_number() over (
            partition by judged.ticket_id, judged.metric, judged.instance_no
            order by policies.applies_from desc, policies.policy_id asc
        ) as match_no
    from judged
    inner join ticket_priorities
        on
            judged.ticket_id = ticket_priorities.ticket_id
            and judged.applied_at >= ticket_priorities.valid_from
            and judged.applied_at < ticket_priorities.valid_to
    inner join tickets on judged.ticket_id = tickets.ticket_id
    inner join givers on tickets.source_system = givers.source_system
    inner join policies
        on
            givers.giver = policies.source_system
            and judged.metric = policies.metric
            and ticket_priorities.priority = policies.priority
            and judged.applied_at >= policies.applies_from
            and judged.applied_at < policies.applies_to
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
