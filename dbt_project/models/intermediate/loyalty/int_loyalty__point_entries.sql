with ledger as (
    select
        entry_id,
        source_system,
        member_id,
        {{ adapter.quote('at') }} as booked_at,
        kind,
        {{ measure('points') }} as points,
        order_id,
        expires_at,
        reverses_entry_id
    from {{ ref('stg_crm__points_ledger') }}
    where {{ adapter.quote('at') }} < {{ as_of() }}
),

chains as (
    select entry_id, ancestor_id, distance, depth from {{ ref('int_loyalty__reversal_chains') }}
),

signed as (
    select
        entry_id,
        source_system,
        member_id,
        booked_at,
        kind,
        points,
        order_id,
        expires_at,
        reverses_entry_id,
        case
            when kind in ('earn', 'adjust') then points
            when kind in ('redeem', 'expire') then -points
        end as own_points
    from ledger
),

-- a reversal has its turn when it and all it stands on are booked
turns as (
    select
        chains.entry_id,
        chains.depth,
        signed.booked_at,
        max(signed.booked_at) over (partition by chains.entry_id) as turn_at,
        chains.ancestor_id,
        case when chains.distance = 1 then chains.ancestor_id end as reversed_entry_id,
        case when chains.distance = chains.depth then chains.ancestor_id end as root_id,
        case when chains.distance = chains.depth then signed.kind end as root_kind,
        case when chains.distance = chains.depth then signed.own_points end as root_points
    from chains
    inner join signed on chains.ancestor_id = signed.entry_id
),

reversals as (
    select
        entry_id,
        depth,
        turn_at,
        max(case when booked_at = turn_at then ancestor_id end) as turn_id,
        max(reversed_entry_id) as reversed_entry_id,
        max(root_id) as root_id,
        max(root_kind) as root_kind,
        max(root_points) as root_points
    from turns
    group by entry_id, depth, turn_at
),

placed as (
    select
        signed.entry_id,
        signed.source_system,
        signed.member_id,
        signed.booked_at,
        signed.kind,
        signed.points,
        signed.order_id,
        signed.expires_at,
        signed.reverses_entry_id,
        signed.own_points,
        reversals.reversed_entry_id,
        coalesce(reversals.root_id, signed.entry_id) as root_id,
        coalesce(reversals.root_points, signed.own_points) as root_points,
        case when signed.kind = 'reverse' then reversals.root_kind end as root_kind,
        case
            when signed.own_points > 0 then 'lot'
            when signed.own_points < 0 then 'take'
            when reversals.root_points > 0 then case when reversals.depth % 2 = 1 then 'take' else 'release' end
            when reversals.root_points < 0 then case when reversals.depth % 2 = 1 then 'release' else 'take' end
        end as move,
        row_number() over (
            partition by signed.member_id
            order by
                coalesce(reversals.turn_at, signed.booked_at),
                coalesce(reversals.turn_id, signed.entry_id),
                coalesce(reversals.depth, 0),
                signed.entry_id
        ) as place
    from signed
    left join reversals on signed.entry_id = reversals.entry_id
),

-- a lot that expires before an older one does
ranked as (
    select
        entry_id,
        move = 'lot' and coalesce(expires_at, {{ end_of_time() }}) < max(case when move = 'lot' then coalesce(expires_at, {{ end_of_time() }}) end)
            over (partition by member_id order by place rows between unbounded preceding and 1 preceding) as is_ahead
    from placed
)

select
    placed.entry_id,
    placed.source_system,
    placed.member_id,
    placed.booked_at,
    placed.kind,
    placed.points,
    placed.order_id,
    placed.expires_at,
    placed.reverses_entry_id,
    placed.own_points,
    placed.reversed_entry_id,
    placed.root_id,
    placed.root_points,
    placed.root_kind,
    placed.move,
    placed.place,
    -- an expiry that may find a younger lot due before an older one
    coalesce(
        placed.kind = 'expire' and placed.move = 'take'
        and min(case when ranked.is_ahead then placed.expires_at end) over (
            partition by placed.member_id order by placed.place rows between unbounded preceding and 1 preceding
        ) <= placed.booked_at,
        false
    ) as may_skip
from placed
inner join ranked on placed.entry_id = ranked.entry_id
