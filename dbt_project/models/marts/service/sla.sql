with cases as (
    select
        ticket_id,
        metric,
        instance_no,
        policy_id,
        priority,
        clock,
        target_minutes,
        applied_at,
        event_at
    from {{ ref('int_service__sla_cases') }}
),

clocks as (
    select
        ticket_id,
        metric,
        instance_no,
        runs_from_at,
        runs_from_open_seconds,
        seconds_left,
        seconds_used
    from {{ ref('int_service__sla_clocks') }}
),

tickets as (
    select
        ticket_id,
        schedule_id,
        observed_until_at
    from {{ ref('int_service__tickets') }}
),

facts as (
    select
        ticket_id,
        customer_id,
        store_id,
        region,
        channel,
        category,
        team
    from {{ ref('fct_ticket') }}
),

steps as (
    select
        schedule_id,
        meter_step,
        opens_at,
        open_seconds_from,
        open_seconds_to
    from {{ ref('int_service__schedule_steps') }}
),

timed as (
    select
        cases.ticket_id,
        cases.metric,
        cases.instance_no,
        cases.policy_id,
        cases.priority,
        cases.clock,
        cases.target_minutes,
        cases.applied_at,
        cases.event_at,
        tickets.schedule_id,
        tickets.observed_until_at,
        clocks.runs_from_at,
        clocks.seconds_left,
        clocks.seconds_used,
        case
            when cases.clock = 'business' then clocks.runs_from_open_seconds + clocks.seconds_left
        end as due_open_seconds
    from cases
    inner join tickets on cases.ticket_id = tickets.ticket_id
    inner join clocks
        on
            cases.ticket_id = clocks.ticket_id
            and cases.metric = clocks.metric
            and cases.instance_no = clocks.instance_no
),

due as (
    select
        timed.ticket_id,
        timed.metric,
        timed.instance_no,
        timed.policy_id,
        timed.priority,
        timed.clock,
        timed.target_minutes,
        timed.applied_at,
        timed.event_at,
        timed.observed_until_at,
        timed.seconds_used,
        case timed.clock
            when 'business' then {{ moment_of_reading('steps', 'timed.due_open_seconds') }}
            else {{ add_seconds('timed.runs_from_at', 'timed.seconds_left') }}
        end as due_at
    from timed
    left join steps on {{ on_meter_step('steps', 'timed.schedule_id', 'timed.due_open_seconds') }}
),

judged as (
    select
        ticket_id,
        metric,
        instance_no,
        policy_id,
        priority,
        clock,
        target_minutes,
        applied_at,
        due_at,
        event_at,
        seconds_used,
        case
            when event_at is not null then event_at > due_at
            when due_at < observed_until_at then true
        end as is_breached
    from due
)

select
    judged.ticket_id,
    judged.metric,
    judged.instance_no,
    judged.policy_id,
    facts.customer_id,
    facts.store_id,
    facts.region,
    facts.channel,
    facts.category,
    facts.team,
    judged.priority,
    judged.clock,
    judged.target_minutes,
    judged.applied_at,
    judged.due_at,
    {{ local_month('judged.due_at') }} as due_month,
    judged.event_at,
    judged.is_breached,
    {{ minutes_of('judged.seconds_used') }} as used_minutes,
    case
        when judged.is_breached then {{ minutes_of('judged.seconds_used - judged.target_minutes * 60') }}
    end as minutes_late
from judged
inner join facts on judged.ticket_id = facts.ticket_id
