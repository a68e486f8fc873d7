with members as (
    select member_id, source_system, customer_id, status
    from {{ ref('int_loyalty__memberships') }}
),

entries as (
    select member_id, kind, signed_points
    from {{ ref('fct_points_entry') }}
),

lots as (
    select member_id, booked_at, expires_at, open_points
    from {{ ref('int_loyalty__point_lots') }}
    where open_points > 0
),

run as (
    select as_of, as_of_date
    from {{ source('control', 'run') }}
),

flow as (
    select month, breakage_rate
    from {{ ref('points_flow') }}
),

last_month as (
    select max(month) as month
    from flow
),

breakage as (
    select flow.month, flow.breakage_rate
    from flow
    inner join last_month on flow.month = last_month.month
),

-- one row: null where nobody stated what a point costs
point_cost as (
    select max(unit_costs.amount) as amount
    from run
    left join {{ ref('unit_costs') }} as unit_costs on {{ unit_cost_holds('unit_costs', 'point', 'run.as_of_date') }}
),

balances as (
    select
        member_id,
        {{ measure("sum(case when kind = 'earn' then signed_points else 0 end)") }} as earned,
        {{ measure("sum(case when kind = 'redeem' then -signed_points else 0 end)") }} as redeemed,
        {{ measure("sum(case when kind = 'expire' then -signed_points else 0 end)") }} as expired,
        {{ measure('sum(signed_points)') }} as balance
    from entries
    group by member_id
),

aged as (
    select
        lots.member_id,
        lots.open_points,
        {{ days_between(local_date('lots.booked_at'), 'run.as_of_date') }} as age_days,
        lots.expires_at >= run.as_of
            and {{ local_date('lots.expires_at') }} <= {{ add_days('run.as_of_date', 90) }} as is_expiring,
        lots.expires_at < run.as_of as is_overdue
    from lots
    cross join run
),

open_lots as (
    select
        member_id,
        count(*) as open_lots_count,
        {{ measure('sum(open_points)') }} as open_points,
        {{ measure('sum(case when age_days <= 90 then open_points else 0 end)') }} as open_to_90_days,
        {{ measure('sum(case when age_days > 90 and age_days <= 180 then open_points else 0 end)') }} as open_to_180_days,
        {{ measure('sum(case when age_days > 180 and age_days <= 365 then open_points else 0 end)') }} as open_to_365_days,
        {{ measure('sum(case when age_days > 365 then open_points else 0 end)') }} as open_over_365_days,
        {{ measure('sum(case when is_expiring then open_points else 0 end)') }} as expiring_in_90_days,
        {{ measure('sum(case when is_overdue then open_points else 0 end)') }} as overdue_points
    from aged
    group by member_id
)

select
    breakage.month,
    balances.member_id,
    members.source_system,
    members.customer_id,
    members.status,
    balances.earned,
    balances.redeemed,
    balances.expired,
    balances.balance,
    balances.balance < 0 as is_overdrawn,
    {{ measure('coalesce(open_lots.open_points, 0)') }} as open_points,
    {{ measure('greatest(-balances.balance, 0)') }} as overdrawn_points,
    coalesce(open_lots.open_lots_count, 0) as open_lots_count,
    {{ measure('coalesce(open_lots.open_to_90_days, 0)') }} as open_to_90_days,
    {{ measure('coalesce(open_lots.open_to_180_days, 0)') }} as open_to_180_days,
    {{ measure('coalesce(open_lots.open_to_365_days, 0)') }} as open_to_365_days,
    {{ measure('coalesce(open_lots.open_over_365_days, 0)') }} as open_over_365_days,
    {{ measure('coalesce(open_lots.expiring_in_90_days, 0)') }} as expiring_in_90_days,
    {{ measure('coalesce(open_lots.overdue_points, 0)') }} as overdue_points,
    {{ measure('coalesce(open_lots.open_points, 0) * (1e0 - cast(breakage.breakage_rate as double)) * ' ~ 'point_cost.amount') }}
        as liability
from balances
cross join breakage
cross join point_cost
left join members on balances.member_id = members.member_id
left join open_lots on balances.member_id = open_lots.member_id
