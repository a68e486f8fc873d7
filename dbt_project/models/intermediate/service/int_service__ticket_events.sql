with tickets as (
    select
        ticket_id,
        schedule_id,
        observed_until_at
    from {{ ref('int_service__tickets') }}
),

ticket_events as (
    select
        events.ticket_id,
        events.seq,
        events.at as happened_at,
        events.event,
        events.from_status,
        events.to_status,
        events.actor_type,
        events.agent_id,
        events.step,
        coalesce(events.event in ('comment', 'created') and events.is_public, false) as is_public_comment
    from {{ ref('stg_crm__ticket_events') }} as events
),

calendar as (
    {{ calendar_columns() }}
),

observed as (
    select
        ticket_events.ticket_id,
        ticket_events.happened_at,
        ticket_events.event,
        ticket_events.from_status,
        ticket_events.to_status,
        ticket_events.actor_type,
        ticket_events.agent_id,
        ticket_events.step,
        ticket_events.is_public_comment,
        tickets.schedule_id,
        row_number() over (
            partition by ticket_events.ticket_id order by ticket_events.happened_at, ticket_events.seq
        ) as event_no,
        min(
            case
                when ticket_events.event = 'created' and ticket_events.actor_type = 'agent' then ticket_events.happened_at
            end
        ) over (partition by ticket_events.ticket_id) as opened_by_agent_at
    from ticket_events
    inner join tickets on ticket_events.ticket_id = tickets.ticket_id
    where ticket_events.happened_at < tickets.observed_until_at
)

select
    observed.ticket_id,
    observed.event_no,
    observed.happened_at,
    observed.event,
    observed.from_status,
    observed.to_status,
    observed.agent_id,
    observed.step,
    case
        when not observed.is_public_comment then null
        when observed.actor_type = 'customer' then 'customer'
        when observed.actor_type = 'agent' and observed.happened_at = observed.opened_by_agent_at then 'opening'
        when observed.actor_type = 'agent' then 'reply'
    end as public_comment,
    {{ open_seconds('calendar', 'observed.happened_at') }} as open_seconds
from observed
left join calendar on {{ on_calendar_day('calendar', 'observed.schedule_id', 'observed.happened_at') }}
