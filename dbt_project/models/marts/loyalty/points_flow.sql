with entries as (
    select member_id, entry_month, kind, signed_points
    from {{ ref('fct_points_entry') }}
),

months as (
    select month, month_end_date
    from {{ ref('int_core__months') }}
),

unit_costs as (
    select cost, amount, valid_from, valid_to from {{ ref('unit_costs') }}
),

member_months as (
    select
        member_id,
        entry_month as month,
        {{ measure('sum(signed_points)') }} as net_points
    from entries
    group by member_id, entry_month
),

balances as (
    select
        member_id,
        month,
        net_points,
        cast(sum(net_points) over (
            partition by member_id order by month rows between unbounded preceding and current row
        ) as decimal(28, 8)) as balance
    from member_months
),

-- a member's open points change only in months with entries, so their sum over members is a running sum of these changes
open_changes as (
    select
        month,
        {{ measure('sum(greatest(balance, 0) - greatest(balance - net_points, 0))') }} as open_change,
        {{ measure('sum(greatest(-balance, 0) - greatest(net_points - balance, 0))') }} as overdrawn_change
    from balances
    group by month
),

flows as (
    select
        entry_month as month,
        {{ measure("sum(case when kind = 'earn' then signed_points else 0 end)") }} as earned,
        {{ measure("sum(case when kind = 'redeem' then -signed_points else 0 end)") }} as redeemed,
        {{ measure("sum(case when kind = 'expire' then -signed_points else 0 end)") }} as expired,
        {{ measure("sum(case when kind = 'adjust' then signed_points else 0 end)") }} as adjusted,
        {{ measure("sum(case when kind = 'reverse' then signed_points else 0 end)") }} as reversed,
        {{ measure('sum(signed_points)') }} as net_points
    from entries
    group by entry_month
),

first_entry as (
    select min(month) as month
    from flows
),

-- months before the kept ones count in the opening; months of the programme without entries stay as they were
all_months as (
    select month
    from flows
    union
    select months.month
    from months
    inner join first_entry on months.month >= first_entry.month
),

running as (
    select
        all_months.month,
        coalesce(flows.earned, 0) as earned,
        coalesce(flows.redeemed, 0) as redeemed,
        coalesce(flows.expired, 0) as expired,
        coalesce(flows.adjusted, 0) as adjusted,
        coalesce(flows.reversed, 0) as reversed,
        coalesce(flows.net_points, 0) as net_points,
        {{ measure('sum(flows.net_points) over (order by all_months.month)') }} as closing,
        {{ measure('sum(open_changes.open_change) over (order by all_months.month)') }} as open_points,
        {{ measure('sum(open_changes.overdrawn_change) over (order by all_months.month)') }} as overdrawn_points,
        sum(flows.expired) over (
            order by all_months.month rows between {{ var('window_months') - 1 }} preceding and current row
        ) as expired_in_window,
        sum(flows.redeemed) over (
            order by all_months.month rows between {{ var('window_months') - 1 }} preceding and current row
        ) as redeemed_in_window
    from all_months
    left join flows on all_months.month = flows.month
    left join open_changes on all_months.month = open_changes.month
),

estimated as (
    select
        month,
        closing - net_points as opening,
        earned,
        redeemed,
        expired,
        adjusted,
        reversed,
        closing,
        open_points,
        overdrawn_points,
        coalesce({{ divide('expired_in_window', '(expired_in_window + redeemed_in_window)') }}, 0e0) as breakage_rate
    from running
)

select
    estimated.month,
    {{ measure('estimated.opening') }} as opening,
    {{ measure('estimated.earned') }} as earned,
    {{ measure('estimated.redeemed') }} as redeemed,
    {{ measure('estimated.expired') }} as expired,
    {{ measure('estimated.adjusted') }} as adjusted,
    {{ measure('estimated.reversed') }} as reversed,
    {{ measure('estimated.closing') }} as closing,
    {{ measure('estimated.open_points') }} as open_points,
    {{ measure('estimated.overdrawn_points') }} as overdrawn_points,
    {{ measure('estimated.breakage_rate') }} as breakage_rate,
    {{ measure('estimated.open_points * (1e0 - estimated.breakage_rate) * ' ~ 'point_cost.amount') }} as liability
from estimated
inner join months on estimated.month = months.month
left join unit_costs as point_cost on {{ unit_cost_holds('point_cost', 'point', 'months.month_end_date') }}
