with entries as (
    select entry_id, member_id, booked_at, expires_at, signed_points
    from {{ ref('fct_points_entry') }}
    where signed_points <> 0
),

used as (
    select
        member_id,
        {{ int_sum('-signed_points') }} as used_points
    from entries
    where signed_points < 0
    group by member_id
),

-- where each lot lies in the row of all points the member ever got, oldest first
lots as (
    select
        entry_id,
        member_id,
        booked_at,
        expires_at,
        signed_points as points,
        cast(sum(signed_points) over (
            partition by member_id order by booked_at, entry_id rows between unbounded preceding and current row
        ) as bigint) as points_so_far
    from entries
    where signed_points > 0
)

-- first in, first out: points used are the first of that row, whenever they were used; a debt is paid by the next lots
select
    lots.entry_id,
    lots.member_id,
    lots.booked_at,
    lots.expires_at,
    lots.points,
    greatest(least(lots.points, lots.points_so_far - coalesce(used.used_points, 0)), 0) as open_points
from lots
left join used on lots.member_id = used.member_id
