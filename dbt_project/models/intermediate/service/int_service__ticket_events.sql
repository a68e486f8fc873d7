with tickets as (
    select
        ticket_id,
        schedule_id,
        created_at,
        observed_until_at
    from {{ ref('int_service__tickets') }}
),

ticket_events as (
    select
        events.ticket_id,
        events.seq,
        events.at as stamped_at,
        events.event,
        events.from_status,
        events.to_status,
        events.actor_type,
        events.agent_id,
        events.priority,
        events.step,
        coalesce(events.event in ('comment', 'created') and events.is_public, false) as is_public_comment
    from {{ ref('stg_crm__ticket_events') }} as events
),

calendar as (
    {{ calendar_columns() }}
),

-- nothing happens to a ticket before it is there: what a clock that runs behind stamped just before it happened with its
-- creation; of what is stamped earlier, of an imported history or another ticket, the time is not known
dated as (
    select
        ticket_events.ticket_id,
        ticket_events.seq,
        ticket_events.stamped_at,
        greatest(ticket_events.stamped_at, tickets.created_at) as happened_at,
        ticket_events.stamped_at >= {{ add_seconds('tickets.created_at', -var('opening_seconds')) }} as is_dated,
        ticket_events.stamped_at <= {{ add_seconds('tickets.created_at', var('opening_seconds')) }} as is_at_creation,
        ticket_events.event,
        ticket_events.from_status,
        ticket_events.to_status,
        ticket_events.actor_type,
        ticket_events.agent_id,
        ticket_events.priority,
        ticket_events.step,
        ticket_events.is_public_comment,
        tickets.schedule_id,
        tickets.created_at,
        tickets.observed_until_at
    from ticket_events
    inner join tickets on ticket_events.ticket_id = tickets.ticket_id
),

-- a ticket that is removed in the moment of its creation was created
numbered as (
    select
        ticket_id,
        happened_at,
        is_dated,
        is_at_creation,
        event,
        from_status,
        to_status,
        actor_type,
        agent_id,
        priority,
        step,
        is_public_comment,
        schedule_id,
        row_number() over (
            partition by ticket_id order by happened_at, case when event = 'created' then 0 else 1 end, stamped_at, seq
        ) as event_no
    from dated
    where happened_at < observed_until_at or (event = 'created' and happened_at = created_at)
),

observed as (
    select
        ticket_id,
        event_no,
        happened_at,
        is_dated,
        is_at_creation,
        event,
        from_status,
        to_status,
        actor_type,
        agent_id,
        priority,
        step,
        is_public_comment,
        schedule_id,
        max(case when event = 'created' then actor_type end) over (partition by ticket_id) as opened_by,
        min(case when event = 'comment' and is_public_comment and actor_type in ('customer', 'agent') then event_no end)
            over (partition by ticket_id) as first_comment_no
    from numbered
)

select
    observed.ticket_id,
    observed.event_no,
    observed.happened_at,
    observed.is_dated,
    observed.event,
    observed.from_status,
    observed.to_status,
    observed.agent_id,
    observed.priority,
    observed.step,
    case
        when not observed.is_public_comment then null
        when observed.actor_type = 'customer' then 'customer'
        when coalesce(observed.actor_type, '') <> 'agent' or not observed.is_dated then null
        when observed.event = 'created' then 'opening'
        when
            observed.event_no = observed.first_comment_no
            and observed.is_at_creation
            and coalesce(observed.opened_by, 'agent') <> 'customer' then 'opening'
        else 'reply'
    end as public_comment,
    {{ open_seconds('calendar', 'observed.happened_at') }} as open_seconds
from observed
left join calendar on {{ on_calendar_day('calendar', 'observed.schedule_id', 'observed.happened_at') }}
