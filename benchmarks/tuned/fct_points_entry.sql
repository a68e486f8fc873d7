-- Reversals are few: what they undo the rounds have worked out.
with
booked as (
    select *, case when kind in ('earn', 'adjust') then points when kind in ('redeem', 'expire') then -points end as own
    from staging.stg_crm__points_ledger
    where "at" < (select as_of from control.run)
),
reversals as (
    select entry_id, sum(moves.points) as own, any_value(entries.root_kind) as root_kind
    from intermediate.int_loyalty__point_entries as entries
    left join intermediate.int_loyalty__point_moves as moves using (entry_id)
    where entries.kind = 'reverse'
    group by entry_id
)
select
    b.entry_id,
    b.source_system,
    b.member_id,
    m.customer_id,
    c.store_id,
    c.region,
    b.kind,
    b."at" as booked_at,
    date_trunc('month', (b."at" + interval 8 hours)::date)::date as entry_month,
    b.points::decimal(28, 8) as points,
    coalesce(b.own, r.own, 0)::decimal(28, 8) as signed_points,
    r.root_kind as undone_kind,
    b.kind = 'reverse' and coalesce(r.own, 0) = 0 as is_unresolved_reversal,
    b.order_id,
    b.expires_at,
    b.reverses_entry_id
from booked as b
left join reversals as r using (entry_id)
left join staging.stg_crm__loyalty_members as m using (member_id)
left join intermediate.int_core__customer_versions as c
    on c.customer_id = m.customer_id and b."at" >= c.valid_from and b."at" < c.valid_to
