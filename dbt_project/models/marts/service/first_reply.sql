select
    ticket_id,
    customer_id,
    store_id,
    region,
    channel,
    category,
    team,
    priority,
    kind,
    created_at,
    first_reply_at,
    first_reply_month,
    first_reply_calendar_minutes,
    first_reply_business_minutes
from {{ ref('fct_ticket') }}
where first_reply_at is not null and not is_deleted
