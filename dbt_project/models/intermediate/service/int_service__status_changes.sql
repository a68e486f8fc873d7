{#- What a load shows comes after the events of the moment. -#}
{%- set shown_event_no = 1000000000 -%}
with tickets as (
    select
        ticket_id,
        source_system,
        schedule_id,
        created_at,
        created_open_seconds,
        observed_until_at
    from {{ ref('int_service__tickets') }}
),

ticket_events as (
    select
        ticket_id,
        event_no,
        happened_at,
        is_dated,
        event,
        open_seconds,
        from_status,
        to_status,
        row_number() over (partition by ticket_id order by event_no) as status_no
    from {{ ref('int_service__ticket_events') }}
    where to_status is not null
),

shown_statuses as (
    select
        ticket_id,
        shown_no,
        status,
        is_resolved,
        shown_at,
        true_from_at,
        true_until_at
    from {{ ref('int_service__status_shown') }}
),

calendar as (
    {{ calendar_columns() }}
),

shown as (
    select
        shown_statuses.ticket_id,
        shown_statuses.shown_no,
        shown_statuses.status,
        shown_statuses.is_resolved,
        greatest(shown_statuses.shown_at, tickets.created_at) as happened_at,
        shown_statuses.true_from_at,
        shown_statuses.true_until_at,
        tickets.schedule_id
    from shown_statuses
    inner join tickets on shown_statuses.ticket_id = tickets.ticket_id
    where greatest(shown_statuses.shown_at, tickets.created_at) < tickets.observed_until_at
),

-- a source that tells no change of status but the creation would leave its tickets open for ever
telling_sources as (
    select distinct tickets.source_system
    from ticket_events
    inner join tickets on ticket_events.ticket_id = tickets.ticket_id
    where ticket_events.event <> 'created'
),

-- tickets of which events tell the status; a creation alone does not, where the first load shows that the rest of the
-- story is missing
recorded_tickets as (
    select ticket_events.ticket_id
    from ticket_events
    inner join tickets on ticket_events.ticket_id = tickets.ticket_id
    inner join telling_sources on tickets.source_system = telling_sources.source_system
    left join shown on ticket_events.ticket_id = shown.ticket_id and shown.shown_no = 1
    group by ticket_events.ticket_id
    having
        max(case when ticket_events.event <> 'created' or {{ is_done('ticket_events.to_status') }} then 1 else 0 end) = 1
        or max(case when shown.is_resolved then 1 else 0 end) = 0
),

-- a creation that comes after another status is none
status_events as (
    select
        ticket_events.ticket_id,
        ticket_events.event_no,
        ticket_events.happened_at,
        ticket_events.is_dated,
        ticket_events.open_seconds,
        ticket_events.from_status,
        ticket_events.to_status
    from ticket_events
    inner join recorded_tickets on ticket_events.ticket_id = recorded_tickets.ticket_id
    where ticket_events.event <> 'created' or ticket_events.status_no = 1
),

first_moments as (
    select
        ticket_id,
        min(happened_at) as first_at,
        {{ first_by('from_status', 'event_no') }} as first_from_status
    from status_events
    group by ticket_id
),

-- of several changes in the first moment the order may be wrong: the first is the one that leaves a status into which no other led
unled as (
    select
        status_events.ticket_id,
        min(status_events.from_status) as from_status
    from status_events
    inner join first_moments
        on status_events.ticket_id = first_moments.ticket_id and status_events.happened_at = first_moments.first_at
    left join status_events as others
        on
            status_events.ticket_id = others.ticket_id
            and status_events.happened_at = others.happened_at
            and status_events.from_status = others.to_status
    where others.ticket_id is null
    group by status_events.ticket_id
),

firsts as (
    select
        first_moments.ticket_id,
        coalesce(unled.from_status, first_moments.first_from_status) as first_from_status
    from first_moments
    left join unled on first_moments.ticket_id = unled.ticket_id
),

-- from its creation a ticket is in the status that its first change leaves, `new` where the source does not say; that it
-- was solved before is no telling when
reported as (
    select
        tickets.ticket_id,
        cast(0 as bigint) as event_no,
        tickets.created_at as happened_at,
        tickets.created_open_seconds as open_seconds,
        cast(null as {{ text_type() }}) as from_status,
        coalesce(firsts.first_from_status, 'new') as status,
        not {{ is_done("coalesce(firsts.first_from_status, 'new')") }} as is_recorded
    from firsts
    inner join tickets on firsts.ticket_id = tickets.ticket_id
    union all
    select
        ticket_id,
        event_no,
        happened_at,
        open_seconds,
        from_status,
        to_status as status,
        is_dated as is_recorded
    from status_events
),

followed as (
    select
        ticket_id,
        event_no,
        happened_at,
        open_seconds,
        from_status,
        status,
        is_recorded,
        lag(status) over (partition by ticket_id order by event_no) as status_before,
        lag(happened_at) over (partition by ticket_id order by event_no) as before_at,
        lead(happened_at) over (partition by ticket_id order by event_no) as next_at
    from reported
),

-- what was true for as long as the load shows it: the last event before, and any event while it was so
shown_beside_events as (
    select
        shown.ticket_id,
        shown.shown_no,
        shown.status,
        shown.is_resolved,
        shown.happened_at,
        shown.true_from_at,
        shown.schedule_id,
        lag(shown.is_resolved) over (partition by shown.ticket_id order by shown.shown_no) as was_shown_resolved,
        lag(shown.true_from_at) over (partition by shown.ticket_id order by shown.shown_no) as shown_before_from_at
    from shown
    inner join recorded_tickets on shown.ticket_id = recorded_tickets.ticket_id
),

agreeing as (
    select
        shown.ticket_id,
        shown.shown_no,
        max(case when followed.happened_at <= shown.true_from_at then followed.event_no end) as last_event_no,
        max(case
            when followed.happened_at > shown.true_from_at and ({{ is_done('followed.status') }}) = shown.is_resolved then 1
            else 0
        end) as agrees_later
    from shown
    inner join followed on shown.ticket_id = followed.ticket_id and followed.happened_at < shown.true_until_at
    group by shown.ticket_id, shown.shown_no
),

-- a load that shows a ticket open that was solved, or the other way round, tells a change of which no event is known
contradicting as (
    select
        shown_beside_events.ticket_id,
        shown_beside_events.status,
        shown_beside_events.happened_at,
        shown_beside_events.schedule_id
    from shown_beside_events
    inner join agreeing
        on
            shown_beside_events.ticket_id = agreeing.ticket_id
            and shown_beside_events.shown_no = agreeing.shown_no
    left join followed on agreeing.ticket_id = followed.ticket_id and agreeing.last_event_no = followed.event_no
    where
        agreeing.agrees_later = 0
        and shown_beside_events.is_resolved <> case
            when
                shown_beside_events.shown_before_from_at is null
                or followed.happened_at >= shown_beside_events.shown_before_from_at
                then coalesce({{ is_done('followed.status') }}, false)
            else shown_beside_events.was_shown_resolved
        end
),

known as (
    select
        ticket_id,
        event_no,
        1 as part,
        happened_at,
        open_seconds,
        status,
        is_recorded,
        true as is_timed
    from followed
    union all
    -- the log itself says that the ticket was open when it was closed again: it was reopened in between, at the latest then
    select
        ticket_id,
        event_no,
        0 as part,
        happened_at,
        open_seconds,
        from_status as status,
        is_recorded,
        true as is_timed
    from followed
    where
        event_no > 0
        and {{ is_done('status') }}
        and {{ is_done('status_before') }}
        and not {{ is_done('from_status') }}
        and happened_at > before_at
    union all
    select
        contradicting.ticket_id,
        cast({{ shown_event_no }} as bigint) as event_no,
        1 as part,
        contradicting.happened_at,
        {{ open_seconds('calendar', 'contradicting.happened_at') }} as open_seconds,
        contradicting.status,
        false as is_recorded,
        true as is_timed
    from contradicting
    left join calendar on {{ on_calendar_day('calendar', 'contradicting.schedule_id', 'contradicting.happened_at') }}
    union all
    select
        shown.ticket_id,
        cast({{ shown_event_no }} as bigint) as event_no,
        1 as part,
        shown.happened_at,
        cast(null as decimal(18, 6)) as open_seconds,
        shown.status,
        false as is_recorded,
        false as is_timed
    from shown
    left join recorded_tickets on shown.ticket_id = recorded_tickets.ticket_id
    where recorded_tickets.ticket_id is null
),

ordered as (
    select
        ticket_id,
        event_no,
        part,
        happened_at,
        open_seconds,
        status,
        is_recorded,
        is_timed,
        lag(status) over (partition by ticket_id order by happened_at, event_no, part, status) as status_before,
        lag(event_no) over (partition by ticket_id order by happened_at, event_no, part, status) as event_no_before
    from known
),

-- nor can be solved what a load had shown closed, unless it was opened again
changes as (
    select
        ticket_id,
        event_no,
        part,
        happened_at,
        open_seconds,
        status,
        is_recorded,
        is_timed
    from ordered
    union all
    select
        ticket_id,
        event_no,
        0 as part,
        happened_at,
        open_seconds,
        'open' as status,
        is_recorded,
        is_timed
    from ordered
    where
        is_recorded
        and event_no < {{ shown_event_no }}
        and event_no_before = {{ shown_event_no }}
        and {{ is_done('status') }}
        and {{ is_done('status_before') }}
)

select
    ticket_id,
    row_number() over (partition by ticket_id order by happened_at, event_no, part, status) as change_no,
    event_no,
    happened_at,
    open_seconds,
    status,
    is_recorded,
    is_timed
from changes
