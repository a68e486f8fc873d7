{#- One row per member with entries or a balance: whether the balance is the sum of the entries and that of the open lots. -#}
with

entries as (
    select member_id, sum(signed_points) as balance
    from kefu.loyalty.fct_points_entry
    group by member_id
)

select
    'loyalty.points_accounts' as subject,
    coalesce(points.member_id, entries.member_id) as key,
    coalesce(points.balance, 0) <> coalesce(entries.balance, 0)
    or coalesce(points.balance <> points.open_points - points.overdrawn_points, false) as is_broken
from kefu.loyalty.points_accounts as points
full join entries on points.member_id = entries.member_id
