{{ config(materialized='rounds') }}
with entries as (
    select
        entry_id, member_id, booked_at, kind, points, expires_at, own_points, reversed_entry_id, root_id, root_points, move, place, may_skip
    from {{ ref('int_loyalty__point_entries') }}
    where move is not null
),

chains as (
    select entry_id, ancestor_id, distance from {{ ref('int_loyalty__reversal_chains') }}
),

moves as (
    select member_id, round, place, entry_id, holder_id, lot_id, points from {{ this }}
),

last_round as (
    select coalesce(max(round), 0) as round from moves
),

progress as (
    select
        moves.member_id,
        max(entries.place) as place
    from moves
    inner join entries on moves.entry_id = entries.entry_id
    group by moves.member_id
),

pending as (
    select
        entries.entry_id,
        entries.member_id,
        entries.booked_at,
        entries.kind,
        entries.points,
        entries.own_points,
        entries.reversed_entry_id,
        entries.root_id,
        entries.root_points,
        entries.move,
        entries.place,
        entries.may_skip,
        entries.kind = 'reverse' or entries.may_skip as may_turn,
        row_number() over (partition by entries.member_id order by entries.place) as turn_no,
        min(case when entries.kind = 'reverse' then entries.place end) over (partition by entries.member_id) as next_reversal
    from entries
    left join progress on entries.member_id = progress.member_id
    where entries.place > coalesce(progress.place, 0)
),

-- of each member the entry that must go alone, if it is next, else all up to the next reversal
due as (
    select
        pending.entry_id,
        pending.member_id,
        pending.booked_at,
        pending.kind,
        pending.points,
        pending.own_points,
        pending.reversed_entry_id,
        pending.root_id,
        pending.root_points,
        pending.move,
        pending.place,
        pending.may_skip,
        fronts.may_turn as is_alone
    from pending
    inner join pending as fronts on pending.member_id = fronts.member_id and fronts.turn_no = 1
    where pending.turn_no = 1 or (not fronts.may_turn and pending.place < coalesce(pending.next_reversal, pending.place + 1))
),

members as (
    select distinct member_id from due
),

earlier as (
    select
        moves.member_id,
        moves.round,
        moves.place,
        moves.entry_id,
        moves.holder_id,
        moves.lot_id,
        moves.points
    from moves
    inner join members on moves.member_id = members.member_id
),

-- of an entry no more can be undone than still stands: what it moved, less what its reversals undid and their reversals did not restore
effects as (
    select
        entry_id,
        abs(sum(points)) as points
    from earlier
    group by entry_id
),

standing as (
    select
        chains.ancestor_id as entry_id,
        sum(case when chains.distance % 2 = 0 then effects.points else -effects.points end) as points
    from chains
    inner join effects on chains.entry_id = effects.entry_id
    group by chains.ancestor_id
),

-- what was taken for an entry: from which lots, and what is still owed for it (no lot)
holdings as (
    select
        earlier.holder_id,
        holders.root_id,
        holders.place as holder_place,
        earlier.lot_id,
        -sum(earlier.points) as points,
        max(case when earlier.points < 0 then earlier.round end) as round,
        {{ last_by('earlier.place', 'case when earlier.points < 0 then earlier.round end') }} as place
    from earlier
    inner join entries as holders on earlier.holder_id = holders.entry_id
    group by earlier.holder_id, holders.root_id, holders.place, earlier.lot_id
),

held as (
    select
        root_id,
        sum(points) as points
    from holdings
    group by root_id
),

amounts as (
    select
        due.entry_id,
        due.member_id,
        due.booked_at,
        due.kind,
        due.reversed_entry_id,
        due.root_id,
        due.move,
        due.place,
        due.may_skip,
        due.is_alone,
        case
            when due.own_points is not null then abs(due.own_points)
            else greatest(0, least(
                coalesce(nullif(abs(due.points), 0), abs(due.root_points)),
                coalesce(standing.points, 0),
                case when due.move = 'release' then coalesce(held.points, 0) else abs(due.root_points) - coalesce(held.points, 0) end
            ))
        end as points
    from due
    left join standing on due.reversed_entry_id = standing.entry_id
    left join held on due.root_id = held.root_id
),

-- given back: what is owed first, then the lots, the last one taken first
taken as (
    select
        amounts.member_id,
        amounts.entry_id,
        amounts.points as wanted,
        holdings.holder_id,
        holdings.lot_id,
        holdings.points,
        coalesce(sum(holdings.points) over (
            partition by amounts.entry_id
            order by
                holdings.holder_place desc,
                case when holdings.lot_id is null then 0 else 1 end,
                holdings.round desc,
                holdings.place desc,
                holdings.lot_id
            rows between unbounded preceding and 1 preceding
        ), 0) as points_before
    from amounts
    inner join holdings on amounts.root_id = holdings.root_id
    where amounts.move = 'release' and holdings.points > 0
),

released as (
    select
        member_id,
        entry_id,
        holder_id,
        lot_id,
        least(points, wanted - points_before) as points
    from taken
    where wanted > points_before
),

given as (
    select member_id, lot_id, points from earlier where lot_id is not null
    union all
    select member_id, lot_id, points from released where lot_id is not null
    union all
    select member_id, entry_id as lot_id, points from amounts where move = 'lot'
),

open_lots as (
    select
        given.member_id,
        given.lot_id,
        lots.place as lot_place,
        lots.expires_at,
        sum(given.points) as points
    from given
    inner join entries as lots on given.lot_id = lots.entry_id
    group by given.member_id, given.lot_id, lots.place, lots.expires_at
    having sum(given.points) > 0
),

-- first the very lots that the reversed entry gave, or those that are due; all else from the oldest on
preferred as (
    select
        amounts.member_id,
        earlier.lot_id,
        sum(earlier.points) as points,
        cast(null as {{ timestamp_type() }}) as due_at
    from amounts
    inner join earlier on amounts.reversed_entry_id = earlier.entry_id
    where amounts.move = 'take' and earlier.lot_id is not null and earlier.points > 0
    group by amounts.member_id, earlier.lot_id
    union all
    select
        amounts.member_id,
        open_lots.lot_id,
        open_lots.points,
        open_lots.expires_at as due_at
    from amounts
    inner join open_lots on amounts.member_id = open_lots.member_id and open_lots.expires_at <= amounts.booked_at
    where amounts.kind = 'expire' and amounts.is_alone
),

pieces as (
    select
        open_lots.member_id,
        open_lots.lot_id,
        open_lots.lot_place,
        open_lots.expires_at,
        0 as tier,
        preferred.due_at,
        least(open_lots.points, preferred.points) as points
    from open_lots
    inner join preferred on open_lots.member_id = preferred.member_id and open_lots.lot_id = preferred.lot_id
    union all
    select
        open_lots.member_id,
        open_lots.lot_id,
        open_lots.lot_place,
        open_lots.expires_at,
        1 as tier,
        cast(null as {{ timestamp_type() }}) as due_at,
        open_lots.points - least(open_lots.points, coalesce(preferred.points, 0)) as points
    from open_lots
    left join preferred on open_lots.member_id = preferred.member_id and open_lots.lot_id = preferred.lot_id
),

supplies as (
    select
        member_id,
        lot_id,
        lot_place,
        expires_at,
        points,
        row_number() over (partition by member_id order by tier, due_at, lot_place) as supply_no,
        coalesce(sum(points) over (
            partition by member_id order by tier, due_at, lot_place rows between unbounded preceding and 1 preceding
        ), 0) as starts_at
    from pieces
    where points > 0
),

changes_of_debt as (
    select holder_id, -points as points from earlier where lot_id is null and holder_id is not null
    union all
    select holder_id, -points as points from released where lot_id is null
),

debts as (
    select
        holders.member_id,
        changes_of_debt.holder_id,
        holders.place as holder_place,
        sum(changes_of_debt.points) as points
    from changes_of_debt
    inner join entries as holders on changes_of_debt.holder_id = holders.entry_id
    group by holders.member_id, changes_of_debt.holder_id, holders.place
    having sum(changes_of_debt.points) > 0
),

wanted as (
    select
        member_id, holder_id, holder_place, points, false as is_new, false as may_skip, cast(null as {{ timestamp_type() }}) as booked_at
    from debts
    union all
    select member_id, entry_id as holder_id, place as holder_place, points, true as is_new, may_skip and not is_alone as may_skip, booked_at
    from amounts
    where move = 'take' and points > 0
),

demands as (
    select
        member_id,
        holder_id,
        holder_place,
        is_new,
        may_skip,
        booked_at,
        points,
        row_number() over (partition by member_id order by holder_place) as demand_no,
        coalesce(sum(points) over (
            partition by member_id order by holder_place rows between unbounded preceding and 1 preceding
        ), 0) as starts_at
    from wanted
),

-- first wanted, first served: both laid end to end on one line, each stretch of it is of one lot and for one entry (0: of or for none)
marks as (
    select member_id, starts_at, 1 as side, supply_no, cast(null as bigint) as demand_no from supplies
    union all
    select member_id, sum(points) as starts_at, 1 as side, 0 as supply_no, cast(null as bigint) as demand_no from supplies
    group by member_id
    union all
    select member_id, starts_at, 2 as side, cast(null as bigint) as supply_no, demand_no from demands
    union all
    select member_id, sum(points) as starts_at, 2 as side, cast(null as bigint) as supply_no, 0 as demand_no from demands
    group by member_id
),

stretches as (
    select
        member_id,
        {{ last_known('supply_no') }} over (
            partition by member_id order by starts_at, side rows between unbounded preceding and current row
        ) as supply_no,
        {{ last_known('demand_no') }} over (
            partition by member_id order by starts_at, side rows between unbounded preceding and current row
        ) as demand_no,
        lead(starts_at) over (partition by member_id order by starts_at, side) - starts_at as points
    from marks
),

served as (
    select
        stretches.member_id,
        demands.holder_id,
        demands.holder_place,
        demands.booked_at,
        demands.starts_at + demands.points as ends_at,
        demands.is_new,
        demands.may_skip,
        supplies.lot_id,
        supplies.lot_place,
        supplies.expires_at,
        supplies.supply_no,
        stretches.points
    from stretches
    inner join demands on stretches.member_id = demands.member_id and stretches.demand_no = demands.demand_no
    left join supplies on stretches.member_id = supplies.member_id and stretches.supply_no = supplies.supply_no
    where stretches.points > 0
),

-- the first expiry that in this way would take a lot though another was due before it: it and all after it wait, so that it goes alone
oldest_first as (
    select
        member_id,
        holder_place,
        booked_at,
        ends_at,
        max(coalesce(expires_at, {{ end_of_time() }})) as expires_at
    from served
    where may_skip and lot_id is not null
    group by member_id, holder_place, booked_at, ends_at
),

cuts as (
    select
        oldest_first.member_id,
        min(oldest_first.holder_place) as place
    from oldest_first
    inner join supplies
        on oldest_first.member_id = supplies.member_id
        and oldest_first.holder_place > supplies.lot_place
        and oldest_first.ends_at < supplies.starts_at + supplies.points
        and oldest_first.booked_at >= supplies.expires_at
        and oldest_first.expires_at > supplies.expires_at
    group by oldest_first.member_id
),

-- what is booked before the cut; points that come after it pay no debt yet
booked as (
    select
        amounts.member_id,
        amounts.entry_id,
        amounts.move,
        amounts.points
    from amounts
    left join cuts on amounts.member_id = cuts.member_id
    where amounts.place < coalesce(cuts.place, amounts.place + 1)
),

settled as (
    select
        served.member_id,
        served.holder_id,
        served.is_new,
        case when served.lot_place < coalesce(cuts.place, served.lot_place + 1) then served.lot_id end as lot_id,
        served.supply_no,
        served.points
    from served
    left join cuts on served.member_id = cuts.member_id
    where served.holder_place < coalesce(cuts.place, served.holder_place + 1)
),

made as (
    select member_id, entry_id, cast(null as {{ text_type() }}) as holder_id, entry_id as lot_id, points, 0 as place from booked
    where move = 'lot'
    union all
    select member_id, entry_id, holder_id, lot_id, points, 0 as place from released
    union all
    select member_id, holder_id as entry_id, holder_id, lot_id, -points as points, supply_no as place from settled
    where lot_id is not null
    union all
    -- a debt paid
    select member_id, holder_id as entry_id, holder_id, cast(null as {{ text_type() }}) as lot_id, points, 0 as place from settled
    where lot_id is not null and not is_new
    union all
    -- a debt made
    select member_id, holder_id as entry_id, holder_id, cast(null as {{ text_type() }}) as lot_id, -points as points, 0 as place from settled
    where lot_id is null and is_new
    union all
    -- a reversal that finds nothing to undo is told too: it had its turn
    select
        member_id,
        entry_id,
        cast(null as {{ text_type() }}) as holder_id,
        cast(null as {{ text_type() }}) as lot_id,
        points,
        0 as place
    from booked
    where points = 0
)

select
    made.member_id,
    last_round.round + 1 as round,
    cast(max(made.place) as bigint) as place,
    made.entry_id,
    made.holder_id,
    made.lot_id,
    {{ measure('sum(made.points)') }} as points
from made
cross join last_round
group by made.member_id, last_round.round, made.entry_id, made.holder_id, made.lot_id
