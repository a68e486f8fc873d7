-- Days against what they must agree with: their month, the weeks that are usual, each other.
-- A row per disagreement.
with daily as (
    select day, {{ month_of('day') }} as month, scope_type, scope_id, metric_id, value, numerator, denominator, n, usual_n
    from {{ ref('kpi_daily') }}
    where dimension = ''
),

monthly as (
    select month, scope_type, scope_id, metric_id, unit, value, numerator, denominator, n
    from {{ ref('kpi_monthly') }}
    where dimension = ''
),

snapshots as (
    select metric_id, dated = 'snapshot' as is_snapshot
    from {{ ref('rpt_daily_metric_definitions') }}
),

-- months of which every day is kept, up to the last one that the sources of a metric report
first_day as (
    select min(day) as day from daily
),

reported_months as (
    select
        daily.metric_id,
        daily.month,
        daily.day as last_day
    from daily
    cross join first_day
    where
        daily.scope_type = 'company'
        and {{ month_of('first_day.day') }} < daily.month
        and {{ month_of(add_days('daily.day', 1)) }} <> daily.month
),

added as (
    select
        daily.metric_id,
        daily.month,
        daily.scope_type,
        daily.scope_id,
        sum(case when snapshots.is_snapshot and daily.day <> reported_months.last_day then 0 else daily.n end) as n,
        sum(case when snapshots.is_snapshot and daily.day <> reported_months.last_day then 0 else daily.value end) as value,
        sum(daily.numerator) as numerator
    from daily
    inner join reported_months on daily.metric_id = reported_months.metric_id and daily.month = reported_months.month
    inner join snapshots on daily.metric_id = snapshots.metric_id
    group by daily.metric_id, daily.month, daily.scope_type, daily.scope_id
)

select
    'days do not add up to their month' as rule,
    added.metric_id,
    added.scope_id
from added
inner join monthly
    on
        added.metric_id = monthly.metric_id
        and added.month = monthly.month
        and added.scope_type = monthly.scope_type
        and added.scope_id = monthly.scope_id
where
    added.n <> monthly.n
    or coalesce(added.numerator, 0) <> coalesce(monthly.numerator, 0)
    or (monthly.unit = 'count' and added.value <> monthly.value)

union all

select
    'complaints are not those of the complaint rate' as rule,
    added.metric_id,
    added.scope_id
from added
inner join monthly
    on
        added.month = monthly.month
        and added.scope_type = monthly.scope_type
        and added.scope_id = monthly.scope_id
        and monthly.metric_id = 'complaint_rate'
where added.metric_id = 'complaints' and added.value <> monthly.numerator

union all

select
    'promises broken are not those not kept' as rule,
    broken.metric_id,
    broken.scope_id
from daily as broken
inner join daily as kept
    on
        broken.day = kept.day
        and broken.scope_type = kept.scope_type
        and broken.scope_id = kept.scope_id
        and kept.metric_id = 'promise_kept'
where broken.metric_id = 'promises_broken' and broken.value <> coalesce(kept.denominator - kept.numerator, 0)

union all

select
    'more is overdue than open' as rule,
    overdue.metric_id,
    overdue.scope_id
from daily as overdue
inner join daily as opened
    on
        overdue.day = opened.day
        and overdue.scope_type = opened.scope_type
        and overdue.scope_id = opened.scope_id
        and opened.metric_id = 'backlog'
where overdue.metric_id = 'overdue' and overdue.value > opened.value

union all

select
    'what is usual does not stand on the same weekday of the weeks before' as rule,
    now.metric_id,
    now.scope_id
from daily as now
inner join daily as before
    on
        now.metric_id = before.metric_id
        and now.scope_type = before.scope_type
        and now.scope_id = before.scope_id
        and before.day between {{ add_days('now.day', -7 * var('usual_weeks')) }} and {{ add_days('now.day', -7) }}
        and mod({{ days_between('before.day', 'now.day') }}, 7) = 0
where now.usual_n is not null
group by now.day, now.metric_id, now.scope_type, now.scope_id
having count(*) = {{ var('usual_weeks') }} and sum(before.n) <> max(now.usual_n)
