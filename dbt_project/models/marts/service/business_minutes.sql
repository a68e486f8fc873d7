{%- set clocks = {
    'first_reply': 'first_reply_at',
    'first_resolution': 'first_resolved_at',
    'full_resolution': 'solved_at',
} -%}
with tickets as (
    select
        ticket_id,
        schedule_id,
        created_at,
        {%- for clock, ended_at in clocks.items() %}
        {{ ended_at }},
        {{ clock }}_calendar_minutes,
        {{ clock }}_business_minutes,
        {%- endfor %}
        {%- for clock in status_clocks() %}
        {{ clock }}_calendar_minutes,
        {{ clock }}_business_minutes,
        {%- endfor %}
        is_status_recorded
    from {{ ref('fct_ticket') }}
    where is_status_recorded or first_reply_at is not null
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
)

{%- for clock, ended_at in clocks.items() %}

select
    ticket_id,
    '{{ clock }}' as clock,
    1 as instance_no,
    schedule_id,
    created_at as started_at,
    {{ ended_at }} as ended_at,
    {{ clock }}_calendar_minutes as calendar_minutes,
    {{ clock }}_business_minutes as business_minutes
from tickets
union all
{%- endfor %}
{%- for clock in status_clocks() %}

select
    ticket_id,
    '{{ clock }}' as clock,
    1 as instance_no,
    schedule_id,
    created_at as started_at,
    solved_at as ended_at,
    {{ clock }}_calendar_minutes as calendar_minutes,
    {{ clock }}_business_minutes as business_minutes
from tickets
union all
{%- endfor %}

select
    next_replies.ticket_id,
    'next_reply' as clock,
    cast(next_replies.instance_no as integer) as instance_no,
    tickets.schedule_id,
    next_replies.asked_at as started_at,
    next_replies.replied_at as ended_at,
    {{ minutes_of(exact_seconds_between('next_replies.asked_at', 'next_replies.replied_at')) }} as calendar_minutes,
    {{ minutes_of('next_replies.replied_open_seconds - next_replies.asked_open_seconds') }} as business_minutes
from next_replies
inner join tickets on next_replies.ticket_id = tickets.ticket_id
