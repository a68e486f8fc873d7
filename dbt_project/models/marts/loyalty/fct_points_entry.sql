with ledger as (
    select entry_id, source_system, member_id, {{ adapter.quote('at') }} as booked_at, kind, points, order_id, expires_at, reverses_entry_id
    from {{ ref('stg_crm__points_ledger') }}
),

members as (
    select member_id, customer_id
    from {{ ref('stg_crm__loyalty_members') }}
),

customer_versions as (
    select customer_id, store_id, region, valid_from, valid_to
    from {{ ref('int_core__customer_versions') }}
),

run as (
    select as_of
    from {{ source('control', 'run') }}
),

booked as (
    select
        ledger.entry_id,
        ledger.source_system,
        ledger.member_id,
        ledger.booked_at,
        ledger.kind,
        ledger.points,
        ledger.order_id,
        ledger.expires_at,
        ledger.reverses_entry_id,
        -- only a reversal looks for another entry; as a column of its own it keeps the join below a plain equality
        case when ledger.kind = 'reverse' then ledger.reverses_entry_id end as reversed_entry_id,
        case
            when ledger.kind in ('earn', 'adjust') then ledger.points
            when ledger.kind in ('redeem', 'expire') then -ledger.points
        end as own_points
    from ledger
    cross join run
    where ledger.booked_at < run.as_of
),

-- a reversal takes back the entry it names, or restores what the reversal it names had taken back
resolved as (
    select
        booked.entry_id,
        booked.source_system,
        booked.member_id,
        booked.booked_at,
        booked.kind,
        booked.points,
        booked.order_id,
        booked.expires_at,
        booked.reverses_entry_id,
        coalesce(booked.own_points, -reversed.own_points, restored.own_points) as resolved_points
    from booked
    left join booked as reversed
        on booked.reversed_entry_id = reversed.entry_id
    left join booked as restored
        on reversed.reversed_entry_id = restored.entry_id
)

select
    resolved.entry_id,
    resolved.source_system,
    resolved.member_id,
    members.customer_id,
    customer_versions.store_id,
    customer_versions.region,
    resolved.kind,
    resolved.booked_at,
    {{ local_month('resolved.booked_at') }} as entry_month,
    resolved.points,
    coalesce(resolved.resolved_points, 0) as signed_points,
    resolved.resolved_points is null as is_unresolved_reversal,
    resolved.order_id,
    resolved.expires_at,
    resolved.reverses_entry_id
from resolved
left join members on resolved.member_id = members.member_id
left join customer_versions
    on
        members.customer_id = customer_versions.customer_id
        and resolved.booked_at >= customer_versions.valid_from
        and resolved.booked_at < customer_versions.valid_to
