with verdicts as (
    select
        ticket_id,
        metric,
        is_met,
        source_minutes
    from {{ ref('int_service__source_verdicts') }}
),

tickets as (
    select
        ticket_id,
        source_system,
        customer_id,
        store_id,
        region,
        channel,
        category,
        team,
        priority,
        created_at,
        solved_at,
        coalesce(solved_month, created_month) as judged_month
    from {{ ref('fct_ticket') }}
    where not is_deleted
)

select
    verdicts.ticket_id,
    verdicts.metric,
    tickets.source_system,
    tickets.customer_id,
    tickets.store_id,
    tickets.region,
    tickets.channel,
    tickets.category,
    tickets.team,
    tickets.priority,
    tickets.created_at,
    tickets.solved_at,
    tickets.judged_month,
    verdicts.is_met,
    verdicts.source_minutes
from verdicts
inner join tickets on verdicts.ticket_id = tickets.ticket_id
