with tickets as (
    select
        ticket_id,
        source_system,
        created_at,
        created_open_seconds,
        observed_until_at,
        observed_until_open_seconds,
        removed_at
    from {{ ref('int_service__tickets') }}
),

ticket_events as (
    select
        ticket_id,
        event_no,
        happened_at,
        event,
        open_seconds,
        from_status,
        to_status
    from {{ ref('int_service__ticket_events') }}
    where to_status is not null
),

-- a source that tells no change of status but the creation would leave its tickets open for ever
telling_sources as (
    select distinct tickets.source_system
    from ticket_events
    inner join tickets on ticket_events.ticket_id = tickets.ticket_id
    where ticket_events.event <> 'created'
),

status_events as (
    select
        ticket_events.ticket_id,
        ticket_events.event_no,
        ticket_events.happened_at,
        ticket_events.open_seconds,
        ticket_events.from_status,
        ticket_events.to_status
    from ticket_events
    inner join tickets on ticket_events.ticket_id = tickets.ticket_id
    inner join telling_sources on tickets.source_system = telling_sources.source_system
),

firsts as (
    select
        ticket_id,
        {{ first_by('from_status', 'event_no') }} as first_from_status
    from status_events
    group by ticket_id
),

-- from its creation a ticket is in the status that its first change leaves, `new` where the source does not say
starts as (
    select
        tickets.ticket_id,
        0 as event_no,
        tickets.created_at as started_at,
        tickets.created_open_seconds as started_open_seconds,
        coalesce(firsts.first_from_status, 'new') as status
    from firsts
    inner join tickets on firsts.ticket_id = tickets.ticket_id
    union all
    select
        ticket_id,
        event_no,
        happened_at as started_at,
        open_seconds as started_open_seconds,
        to_status as status
    from status_events
),

followed as (
    select
        ticket_id,
        event_no,
        started_at,
        started_open_seconds,
        status,
        lead(started_at) over (partition by ticket_id order by event_no) as next_at,
        lead(started_open_seconds) over (partition by ticket_id order by event_no) as next_open_seconds
    from starts
),

periods as (
    select
        followed.ticket_id,
        followed.event_no,
        followed.status,
        followed.started_at,
        followed.started_open_seconds,
        coalesce(followed.next_at, tickets.removed_at) as ended_at,
        coalesce(followed.next_at, tickets.observed_until_at) as observed_until_at,
        coalesce(followed.next_open_seconds, tickets.observed_until_open_seconds) as observed_until_open_seconds
    from followed
    inner join tickets on followed.ticket_id = tickets.ticket_id
    where followed.next_at is null or followed.next_at > followed.started_at
)

select
    ticket_id,
    row_number() over (partition by ticket_id order by event_no) as period_no,
    status,
    status in ('solved', 'closed') as is_resolved,
    started_at,
    ended_at,
    started_open_seconds,
    {{ seconds_between('started_at', 'observed_until_at') }} as calendar_seconds,
    observed_until_open_seconds - started_open_seconds as open_seconds,
    coalesce(lag(status) over (partition by ticket_id order by event_no) in ('solved', 'closed'), false) as was_resolved
from periods
