{#- the meter's reading at which a promise in business time falls due -#}
{%- set due_reading = "case when cases.clock = 'business' then clocks.runs_from_open_seconds + clocks.seconds_left end" -%}
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

due as (
    select
        cases.ticket_id,
        cases.metric,
        cases.instance_no,
        cases.event_at,
        clocks.seconds_used,
        tickets.observed_until_at,
        case cases.clock
            when 'business' then {{ add_exact_seconds('steps.opens_at', due_reading ~ ' - steps.open_seconds_from') }}
            else {{ add_exact_seconds('clocks.runs_from_at', 'clocks.seconds_left') }}
        end as due_at
    from cases
    inner join tickets on cases.ticket_id = tickets.ticket_id
    inner join clocks
        on
            cases.ticket_id = clocks.ticket_id
            and cases.metric = clocks.metric
            and cases.instance_no = clocks.instance_no
    -- a few openings share a step of the meter: the last conditions leave one
    left join steps
        on
            tickets.schedule_id = steps.schedule_id
            and {{ meter_step(due_reading) }} = steps.meter_step
            and steps.open_seconds_from < {{ due_reading }}
            and steps.open_seconds_to >= {{ due_reading }}
),

verdicts as (
    select
        ticket_id,
        metric,
        instance_no,
        seconds_used,
        due_at,
        case
            when event_at is not null then event_at > due_at
            when due_at < observed_until_at then true
        end as is_breached
    from due
)

select
    cases.ticket_id,
    cases.metric,
    cases.instance_no,
    cases.policy_id,
    facts.customer_id,
    facts.store_id,
    facts.region,
    facts.channel,
    facts.category,
    facts.team,
    cases.priority,
    cases.clock,
    cases.target_minutes,
    cases.applied_at,
    verdicts.due_at,
    {{ local_month('verdicts.due_at') }} as due_month,
    cases.event_at,
    verdicts.is_breached,
    {{ minutes_of('verdicts.seconds_used') }} as used_minutes,
    case
        when verdicts.is_breached then {{ minutes_of('verdicts.seconds_used - cases.target_minutes * 60') }}
    end as minutes_late
from cases
inner join verdicts
    on
        cases.ticket_id = verdicts.ticket_id
        and cases.metric = verdicts.metric
        and cases.instance_no = verdicts.instance_no
inner join facts on cases.ticket_id = facts.ticket_id
