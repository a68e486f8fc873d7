with members as (
    select member_id, customer_id
    from {{ ref('int_loyalty__memberships') }}
),

customer_versions as (
    select customer_id, store_id, region, valid_from, valid_to
    from {{ ref('int_core__customer_versions') }}
),

entries as (
    select
        entry_id, source_system, member_id, booked_at, kind, points, order_id, expires_at, reverses_entry_id, own_points, root_kind
    from {{ ref('int_loyalty__point_entries') }}
),

moves as (
    select entry_id, points from {{ ref('int_loyalty__point_moves') }}
),

moved as (
    select
        entry_id,
        sum(points) as points
    from moves
    group by entry_id
),

-- what a reversal undoes depends on what still stands of the entry it names; all else says itself what it does
resolved as (
    select
        entries.entry_id,
        entries.source_system,
        entries.member_id,
        entries.booked_at,
        entries.kind,
        entries.points,
        entries.order_id,
        entries.expires_at,
        entries.reverses_entry_id,
        entries.root_kind,
        coalesce(entries.own_points, moved.points, 0) as signed_points
    from entries
    left join moved on entries.entry_id = moved.entry_id
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
    {{ measure('resolved.signed_points') }} as signed_points,
    resolved.root_kind as undone_kind,
    resolved.kind = 'reverse' and resolved.signed_points = 0 as is_unresolved_reversal,
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
