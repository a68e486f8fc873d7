with run as (
    select
        as_of_date,
        {{ add_days('as_of_date', 1 - var('daily_history_days') - 7 * var('usual_weeks')) }} as first_day
    from {{ source('control', 'run') }}
),

states as (
    select
        ticket_id,
        {{ local_date('started_at') }} as started_on,
        {{ local_date('ended_at') }} as ended_on,
        {{ backlog_attributes() | join(',\n        ') }}
    from {{ ref('int_service__ticket_states') }}
    where is_open
),

-- open when a day ended: begun by then, and ended on a later day
lasting as (
    select
        states.ticket_id,
        {{ backlog_attributes() | join(',\n        ') }},
        greatest(states.started_on, run.first_day) as first_day,
        least(coalesce({{ add_days('states.ended_on', -1) }}, run.as_of_date), run.as_of_date) as last_day
    from states
    cross join run
),

opened as (
    select
        ticket_id,
        {{ backlog_attributes() | join(',\n        ') }},
        {{ day_series('first_day', 'last_day') }} as day
    from lasting
    where first_day <= last_day
),

-- a limit that was broken is past from the moment it fell due until what it was about happened
past as (
    select
        ticket_id,
        {{ local_date('due_at') }} as due_on,
        {{ local_date('event_at') }} as event_on
    from {{ ref('sla') }}
    where is_breached
),

overdue as (
    select distinct
        opened.ticket_id,
        opened.day
    from opened
    inner join past
        on
            opened.ticket_id = past.ticket_id
            and opened.day >= past.due_on
            and (past.event_on is null or opened.day < past.event_on)
),

priorities as (
    select
        ticket_id,
        priority
    from {{ ref('fct_ticket') }}
)

select
    opened.day,
    opened.ticket_id,
    {%- for attribute in backlog_attributes() %}
    nullif(opened.{{ attribute }}, '') as {{ attribute }},
    {%- endfor %}
    priorities.priority,
    overdue.ticket_id is not null as is_overdue
from opened
left join priorities on opened.ticket_id = priorities.ticket_id
left join overdue on opened.ticket_id = overdue.ticket_id and opened.day = overdue.day
