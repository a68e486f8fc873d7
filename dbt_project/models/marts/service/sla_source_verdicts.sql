with outcomes as (
    select
        ticket_id,
        metric,
        is_met,
        minutes
    from {{ ref('stg_crm__ticket_outcomes') }}
    where is_met is not null
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
    outcomes.ticket_id,
    outcomes.metric,
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
    outcomes.is_met,
    {{ measure('outcomes.minutes') }} as source_minutes
from outcomes
inner join tickets on outcomes.ticket_id = tickets.ticket_id
