with lots as (
    select entry_id, member_id, booked_at, expires_at, own_points
    from {{ ref('int_loyalty__point_entries') }}
    where move = 'lot'
),

moves as (
    select lot_id, points from {{ ref('int_loyalty__point_moves') }}
    where lot_id is not null
),

left_over as (
    select
        lot_id,
        sum(points) as open_points
    from moves
    group by lot_id
)

select
    lots.entry_id,
    lots.member_id,
    lots.booked_at,
    lots.expires_at,
    {{ measure('lots.own_points') }} as points,
    {{ measure('left_over.open_points') }} as open_points
from lots
inner join left_over on lots.entry_id = left_over.lot_id
