with recursive ledger as (
    select
        entry_id,
        member_id,
        kind,
        case when kind = 'reverse' then reverses_entry_id end as reversed_entry_id
    from {{ ref('stg_crm__points_ledger') }}
    where {{ adapter.quote('at') }} < {{ as_of() }}
),

-- a reversal undoes an entry of its own member
reversals as (
    select
        ledger.entry_id,
        ledger.reversed_entry_id,
        reversed.kind as reversed_kind
    from ledger
    inner join ledger as reversed
        on ledger.reversed_entry_id = reversed.entry_id
        and ledger.member_id = reversed.member_id
),

-- from what was booked first to the reversals of it, to theirs, and so on: what names itself in a circle is never reached
reached as (
    select distinct
        reversed_entry_id as entry_id,
        cast(0 as bigint) as depth
    from reversals
    where reversed_kind <> 'reverse'
    union all
    select
        reversals.entry_id,
        reached.depth + 1 as depth
    from reached
    inner join reversals on reached.entry_id = reversals.reversed_entry_id
),

chains as (
    select
        entry_id,
        entry_id as ancestor_id,
        cast(0 as bigint) as distance,
        depth
    from reached
    union all
    select
        chains.entry_id,
        reversals.reversed_entry_id as ancestor_id,
        chains.distance + 1 as distance,
        chains.depth
    from chains
    inner join reversals on chains.ancestor_id = reversals.entry_id
)

select
    entry_id,
    ancestor_id,
    distance,
    depth
from chains
