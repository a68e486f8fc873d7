with run as (
    select as_of from {{ source('control', 'run') }}
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
        kind,
        need,
        created_at,
        first_resolved_at,
        first_resolved_month,
        is_merged
    from {{ ref('fct_ticket') }}
    where customer_id is not null and not is_deleted
),

reopenings as (
    select
        ticket_id,
        started_at
    from {{ ref('int_service__status_periods') }}
    where reopens
),

resolved as (
    select
        ticket_id,
        customer_id,
        store_id,
        region,
        channel,
        category,
        team,
        kind,
        need,
        first_resolved_at,
        first_resolved_month,
        {{ add_seconds('first_resolved_at', 86400 * var('first_contact_days')) }} as ripe_at
    from tickets
    where first_resolved_at is not null and not is_merged
),

-- a duplicate that was merged is a contact too; at the same moment new tickets come before the solve they led to, and a
-- reopening after it
events as (
    select
        customer_id,
        category,
        created_at as happened_at,
        0 as place,
        ticket_id
    from tickets
    union all
    select
        tickets.customer_id,
        tickets.category,
        reopenings.started_at as happened_at,
        2 as place,
        tickets.ticket_id
    from reopenings
    inner join tickets on reopenings.ticket_id = tickets.ticket_id
    union all
    select
        customer_id,
        category,
        first_resolved_at as happened_at,
        1 as place,
        ticket_id
    from resolved
),

followed as (
    select
        ticket_id,
        place,
        min(case when place <> 1 then happened_at end) over (
            partition by customer_id, coalesce(category, '') order by happened_at, place, ticket_id
            rows between 1 following and unbounded following
        ) as next_contact_at
    from events
)

select
    resolved.ticket_id,
    resolved.customer_id,
    resolved.store_id,
    resolved.region,
    resolved.channel,
    resolved.category,
    resolved.team,
    resolved.kind,
    resolved.need,
    resolved.first_resolved_at,
    resolved.first_resolved_month,
    resolved.ripe_at,
    {{ local_month('resolved.ripe_at') }} as ripe_month,
    followed.next_contact_at,
    resolved.ripe_at <= run.as_of as is_ripe,
    case
        when resolved.ripe_at <= run.as_of
            then coalesce(followed.next_contact_at >= resolved.ripe_at, true)
    end as is_first_contact_resolved
from resolved
inner join followed on resolved.ticket_id = followed.ticket_id and followed.place = 1
cross join run
