with complaints as (
    select
        ticket_id,
        source_system,
        customer_id,
        store_id,
        region,
        channel,
        category,
        team,
        coalesce(is_major, false) as is_major,
        created_at,
        -- judged when it is solved; where the source says nothing of that, when it was made
        case when is_status_recorded then solved_month else created_month end as judged_month
    from {{ ref('fct_ticket') }}
    where kind = 'complaint' and not is_deleted and not is_merged
),

steps as (
    select method, step, place
    from {{ ref('complaint_steps_taxonomy') }}
),

step_events as (
    select
        ticket_id,
        step,
        min(happened_at) as done_at
    from {{ ref('int_service__ticket_events') }}
    where step is not null
    group by ticket_id, step
),

-- a step that a source never tells cannot be known to be skipped either
reported as (
    select distinct
        complaints.source_system,
        step_events.step
    from step_events
    inner join complaints on step_events.ticket_id = complaints.ticket_id
)

select
    complaints.ticket_id,
    steps.method || '.' || steps.step as method_step,
    steps.method,
    steps.step,
    steps.place,
    complaints.customer_id,
    complaints.store_id,
    complaints.region,
    complaints.channel,
    complaints.category,
    complaints.team,
    complaints.is_major,
    complaints.created_at,
    complaints.judged_month,
    step_events.done_at,
    step_events.done_at is not null as is_done,
    {{ minutes_of(exact_seconds_between('complaints.created_at', 'step_events.done_at')) }} as minutes_to_step
from complaints
inner join reported on complaints.source_system = reported.source_system
inner join steps
    on
        reported.step = steps.step
        and steps.method in ('any', case when complaints.is_major then 'major' else 'ordinary' end)
left join step_events on complaints.ticket_id = step_events.ticket_id and steps.step = step_events.step
