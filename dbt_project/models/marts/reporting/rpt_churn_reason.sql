with leavers as (
    select left_month, reason from {{ ref('churn_reason') }} where reason is not null
),

groups as (
    select reason, name, sort_order, is_caused_by_us, often_quoted_share from {{ ref('churn_reason_groups') }}
),

months as (
    select month from {{ ref('int_core__months') }}
),

counted as (
    select left_month, reason, count(*) as customers
    from leavers
    group by left_month, reason
),

windows as (
    select
        months.month,
        counted.reason,
        {{ int_sum('counted.customers') }} as customers
    from months
    inner join counted
        on {{ months_between_dates('counted.left_month', 'months.month') }} between 0 and {{ var('window_months') - 1 }}
    group by months.month, counted.reason
),

totals as (
    select month, {{ int_sum('customers') }} as n
    from windows
    group by month
)

select
    totals.month,
    groups.reason,
    groups.name,
    groups.sort_order,
    groups.is_caused_by_us,
    coalesce(windows.customers, 0) as customers,
    totals.n,
    {{ measure(divide('coalesce(windows.customers, 0)', 'totals.n')) }} as share,
    {{ measure(wilson_bound('coalesce(windows.customers, 0)', 'totals.n', 'low')) }} as ci_low,
    {{ measure(wilson_bound('coalesce(windows.customers, 0)', 'totals.n', 'high')) }} as ci_high,
    totals.n < {{ var('min_n') }} as is_too_few,
    groups.often_quoted_share
from totals
cross join groups
left join windows on totals.month = windows.month and groups.reason = windows.reason
