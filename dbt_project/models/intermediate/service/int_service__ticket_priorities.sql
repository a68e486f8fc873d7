with tickets as (
    select
        ticket_id,
        priority
    from {{ ref('stg_crm__tickets') }}
    where priority is not null
),

ticket_events as (
    select
        ticket_id,
        event_no,
        happened_at,
        priority
    from {{ ref('int_service__ticket_events') }}
    where priority is not null
),

reported as (
    select
        ticket_id,
        priority,
        happened_at,
        lag(happened_at) over (partition by ticket_id order by event_no) as before_at,
        lead(happened_at) over (partition by ticket_id order by event_no) as next_at
    from ticket_events
)

-- the first that it was given holds from its creation: a promise counts from there as soon as it is made
select
    ticket_id,
    priority,
    case when before_at is null then {{ beginning_of_time() }} else happened_at end as valid_from,
    coalesce(next_at, {{ end_of_time() }}) as valid_to
from reported
where next_at is null or next_at > happened_at or before_at is null
union all
select
    tickets.ticket_id,
    tickets.priority,
    {{ beginning_of_time() }} as valid_from,
    {{ end_of_time() }} as valid_to
from tickets
left join reported on tickets.ticket_id = reported.ticket_id
where reported.ticket_id is null
