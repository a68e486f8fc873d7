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
    solved_at,
    solved_month,
    reopens,
    full_resolution_calendar_minutes,
    full_resolution_business_minutes,
    agent_work_business_minutes,
    requester_wait_business_minutes
from {{ ref('fct_ticket') }}
where solved_at is not null and not is_deleted
