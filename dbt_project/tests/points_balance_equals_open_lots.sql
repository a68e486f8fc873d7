-- The identity of the points programme, per member and in total: sum of signed entries = open lots - debt = closing balance.
with members as (
    select member_id, balance, open_points, overdrawn_points
    from {{ ref('points_accounts') }}
),

flow as (
    select month, opening, earned, redeemed, expired, adjusted, reversed, closing, open_points, overdrawn_points
    from {{ ref('points_flow') }}
),

last_month as (
    select max(month) as month
    from flow
),

totals as (
    select
        coalesce(sum(balance), 0) as balance,
        coalesce(sum(open_points), 0) as open_points,
        coalesce(sum(overdrawn_points), 0) as overdrawn_points
    from members
)

select 'member' as level, member_id as failing, balance as expected, open_points - overdrawn_points as found
from members
where balance <> open_points - overdrawn_points
union all
select
    'month' as level,
    cast(month as {{ text_type() }}) as failing,
    opening + earned - redeemed - expired + adjusted + reversed as expected,
    closing as found
from flow
where
    closing <> opening + earned - redeemed - expired + adjusted + reversed
    or closing <> open_points - overdrawn_points
union all
select 'total' as level, cast(flow.month as {{ text_type() }}) as failing, totals.balance as expected, flow.closing as found
from flow
inner join last_month on flow.month = last_month.month
cross join totals
where
    flow.closing <> totals.balance
    or flow.open_points <> totals.open_points
    or flow.overdrawn_points <> totals.overdrawn_points
