-- Reversals are few: they alone look for the entries they name.
with
booked as (
    select *, case when kind in ('earn', 'adjust') then points when kind in ('redeem', 'expire') then -points end as own
    from staging.stg_crm__points_ledger
    where "at" < (select as_of from control.run)
),
reversals as (
    select r.entry_id, coalesce(-named.own, restored.own) as own
    from booked as r
    left join booked as named on named.entry_id = r.reverses_entry_id
    left join booked as restored
        on restored.entry_id = case when named.kind = 'reverse' then named.reverses_entry_id end
    where r.kind = 'reverse'
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
    b.points,
    coalesce(b.own, r.own, 0) as signed_points,
    coalesce(b.own, r.own) is null as is_unresolved_reversal,
    b.order_id,
    b.expires_at,
    b.reverses_entry_id
from booked as b
left join reversals as r using (entry_id)
left join staging.stg_crm__loyalty_members as m using (member_id)
left join intermediate.int_core__customer_versions as c
    on c.customer_id = m.customer_id and b."at" >= c.valid_from and b."at" < c.valid_to
