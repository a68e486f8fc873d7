with next_replies as (
    select
        ticket_id,
        instance_no,
        asked_at,
        asked_open_seconds,
        replied_at,
        replied_open_seconds
    from {{ ref('int_service__next_replies') }}
    where replied_at is not null
),

tickets as (
    select
        ticket_id,
        customer_id,
        store_id,
        region,
        channel,
        category,
        team,
        priority,
        kind
    from {{ ref('fct_ticket') }}
    where not is_deleted
)

select
    tickets.ticket_id,
    next_replies.instance_no,
    tickets.customer_id,
    tickets.store_id,
    tickets.region,
    tickets.channel,
    tickets.category,
    tickets.team,
    tickets.priority,
    tickets.kind,
    next_replies.asked_at,
    next_replies.replied_at,
    {{ local_month('next_replies.replied_at') }} as replied_month,
    {{ minutes_of(exact_seconds_between('next_replies.asked_at', 'next_replies.replied_at')) }} as next_reply_calendar_minutes,
    {{ minutes_of('next_replies.replied_open_seconds - next_replies.asked_open_seconds') }} as next_reply_business_minutes
from next_replies
inner join tickets on next_replies.ticket_id = tickets.ticket_id
