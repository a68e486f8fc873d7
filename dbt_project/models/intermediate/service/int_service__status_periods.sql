with tickets as (
    select
        ticket_id,
        observed_until_at,
        observed_until_open_seconds,
        removed_at
    from {{ ref('int_service__tickets') }}
),

changes as (
    select
        ticket_id,
        change_no,
        event_no,
        happened_at,
        open_seconds,
        status,
        is_recorded,
        is_timed
    from {{ ref('int_service__status_changes') }}
),

compared as (
    select
        ticket_id,
        change_no,
        event_no,
        happened_at,
        open_seconds,
        status,
        is_recorded,
        is_timed,
        lag(status) over (partition by ticket_id order by change_no) as status_before
    from changes
),

-- a change into the status that a ticket has is none; one that lasted no time is one all the same
followed as (
    select
        ticket_id,
        change_no,
        event_no,
        happened_at as started_at,
        open_seconds as started_open_seconds,
        status,
        is_recorded,
        is_timed,
        {{ is_done('status') }} as is_resolved,
        coalesce({{ is_done('status_before') }}, false) as was_resolved,
        lead(happened_at) over (partition by ticket_id order by change_no) as next_at,
        lead(open_seconds) over (partition by ticket_id order by change_no) as next_open_seconds
    from compared
    where status_before is null or status_before <> status
),

periods as (
    select
        followed.ticket_id,
        followed.change_no,
        followed.event_no,
        followed.status,
        followed.is_recorded,
        followed.is_timed,
        followed.is_resolved,
        followed.was_resolved,
        followed.started_at,
        followed.started_open_seconds,
        coalesce(followed.next_at, tickets.removed_at) as ended_at,
        coalesce(followed.next_at, tickets.observed_until_at) as observed_until_at,
        coalesce(followed.next_open_seconds, tickets.observed_until_open_seconds) as observed_until_open_seconds
    from followed
    inner join tickets on followed.ticket_id = tickets.ticket_id
)

select
    ticket_id,
    row_number() over (partition by ticket_id order by change_no) as period_no,
    event_no,
    status,
    is_recorded,
    is_timed,
    is_resolved,
    was_resolved,
    is_resolved and not was_resolved and is_recorded as resolves,
    was_resolved and not is_resolved as reopens,
    started_at,
    ended_at,
    started_open_seconds,
    case when is_timed then {{ exact_seconds_between('started_at', 'observed_until_at') }} end as calendar_seconds,
    case when is_timed then observed_until_open_seconds - started_open_seconds end as open_seconds
from periods
