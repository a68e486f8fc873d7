with cases as (
    select
        ticket_id,
        metric,
        instance_no,
        clock,
        cast(target_minutes * 60 as decimal(18, 6)) as target_seconds,
        applied_at,
        applied_open_seconds,
        event_at,
        event_open_seconds
    from {{ ref('int_service__sla_cases') }}
),

tickets as (
    select
        ticket_id,
        observed_until_at,
        observed_until_open_seconds
    from {{ ref('int_service__tickets') }}
),

periods as (
    select
        ticket_id,
        period_no,
        status,
        started_at,
        started_open_seconds,
        ended_at,
        calendar_seconds,
        open_seconds
    from {{ ref('int_service__status_periods') }}
),

-- clocks that never pause run from the promise to the event
unpaused as (
    select
        cases.ticket_id,
        cases.metric,
        cases.instance_no,
        cases.applied_at as runs_from_at,
        cases.applied_open_seconds as runs_from_open_seconds,
        cases.target_seconds as seconds_left,
        case
            when cases.clock = 'business' and cases.event_at is null
                then tickets.observed_until_open_seconds - cases.applied_open_seconds
            when cases.clock = 'business' then cases.event_open_seconds - cases.applied_open_seconds
            else {{ exact_seconds_between('cases.applied_at', 'coalesce(cases.event_at, tickets.observed_until_at)') }}
        end as seconds_used
    from cases
    inner join tickets on cases.ticket_id = tickets.ticket_id
    where cases.metric not in ('{{ paused_metrics() | join("', '") }}')
),

running as (
    select
        cases.ticket_id,
        cases.metric,
        cases.instance_no,
        cases.target_seconds,
        periods.period_no,
        periods.started_at,
        periods.started_open_seconds,
        periods.ended_at is null as runs_now,
        case cases.clock when 'business' then periods.open_seconds else periods.calendar_seconds end as period_seconds
    from cases
    inner join periods on cases.ticket_id = periods.ticket_id
    where
        (cases.event_at is null or periods.started_at < cases.event_at)
        and (
            {%- for metric, statuses in paused_metrics().items() %}
            {{ 'or ' if not loop.first }}(cases.metric = '{{ metric }}' and periods.status in ({{ statuses }}))
            {%- endfor %}
        )
),

accumulated as (
    select
        ticket_id,
        metric,
        instance_no,
        target_seconds,
        period_no,
        started_at,
        started_open_seconds,
        runs_now,
        sum(period_seconds) over (
            partition by ticket_id, metric, instance_no order by period_no
            rows between unbounded preceding and current row
        ) as seconds_after,
        sum(period_seconds) over (
            partition by ticket_id, metric, instance_no order by period_no
            rows between unbounded preceding and current row
        ) - period_seconds as seconds_before,
        sum(period_seconds) over (partition by ticket_id, metric, instance_no) as seconds_used
    from running
),

-- the period in which the target is used up, or else the last in which the clock ran
ranked as (
    select
        ticket_id,
        metric,
        instance_no,
        started_at,
        started_open_seconds,
        runs_now,
        seconds_before,
        seconds_used,
        seconds_used >= target_seconds as is_used_up,
        row_number() over (
            partition by ticket_id, metric, instance_no
            order by
                case when seconds_after >= target_seconds then 0 else 1 end,
                case when seconds_after >= target_seconds then period_no else -period_no end
        ) as period_rank
    from accumulated
),

used as (
    select
        cases.ticket_id,
        cases.metric,
        cases.instance_no,
        cases.target_seconds,
        cases.event_at,
        cases.event_open_seconds,
        ranked.started_at,
        ranked.started_open_seconds,
        coalesce(ranked.runs_now, false) as runs_now,
        coalesce(ranked.is_used_up, false) as is_used_up,
        ranked.seconds_before,
        case when ranked.ticket_id is null then 0 else ranked.seconds_used end as seconds_used
    from cases
    left join ranked
        on
            cases.ticket_id = ranked.ticket_id
            and cases.metric = ranked.metric
            and cases.instance_no = ranked.instance_no
            and ranked.period_rank = 1
    where cases.metric in ('{{ paused_metrics() | join("', '") }}')
),

-- not used up: the rest runs on from the event, or from the end of what is known where the clock still runs; a clock
-- that pauses has no due time yet
paused as (
    select
        used.ticket_id,
        used.metric,
        used.instance_no,
        case
            when used.is_used_up then used.started_at
            when used.event_at is not null then used.event_at
            when used.runs_now then tickets.observed_until_at
        end as runs_from_at,
        case
            when used.is_used_up then used.started_open_seconds
            when used.event_at is not null then used.event_open_seconds
            when used.runs_now then tickets.observed_until_open_seconds
        end as runs_from_open_seconds,
        used.target_seconds
        - case when used.is_used_up then used.seconds_before else used.seconds_used end as seconds_left,
        used.seconds_used
    from used
    inner join tickets on used.ticket_id = tickets.ticket_id
)

select
    ticket_id,
    metric,
    instance_no,
    runs_from_at,
    runs_from_open_seconds,
    cast(seconds_left as decimal(18, 6)) as seconds_left,
    cast(seconds_used as decimal(18, 6)) as seconds_used
from unpaused
union all
select
    ticket_id,
    metric,
    instance_no,
    runs_from_at,
    runs_from_open_seconds,
    cast(seconds_left as decimal(18, 6)) as seconds_left,
    cast(seconds_used as decimal(18, 6)) as seconds_used
from paused
