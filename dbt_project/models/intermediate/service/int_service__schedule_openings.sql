with shifts as (
    select
        schedule_id,
        time_zone,
        opens_wall,
        closes_wall
    from {{ ref('int_service__schedule_shifts') }}
),

shifts_in_utc as (
    select
        schedule_id,
        {{ wall_to_utc('opens_wall', 'time_zone') }} as opens_at,
        {{ wall_to_utc('closes_wall', 'time_zone') }} as closes_at
    from shifts
),

-- shifts that overlap or touch are one opening: a minute counts once
with_closed_before as (
    select
        schedule_id,
        opens_at,
        closes_at,
        max(closes_at) over (
            partition by schedule_id order by opens_at, closes_at
            rows between unbounded preceding and 1 preceding
        ) as closed_before_at
    from shifts_in_utc
    where closes_at > opens_at
),

numbered as (
    select
        schedule_id,
        opens_at,
        closes_at,
        sum(case when closed_before_at >= opens_at then 0 else 1 end) over (
            partition by schedule_id order by opens_at, closes_at
            rows between unbounded preceding and current row
        ) as opening_no
    from with_closed_before
),

openings as (
    select
        schedule_id,
        opening_no,
        min(opens_at) as opens_at,
        max(closes_at) as closes_at
    from numbered
    group by schedule_id, opening_no
),

metered as (
    select
        schedule_id,
        opens_at,
        closes_at,
        cast({{ seconds_between('opens_at', 'closes_at') }} as bigint) as seconds_open,
        cast(sum({{ seconds_between('opens_at', 'closes_at') }}) over (
            partition by schedule_id order by opens_at
            rows between unbounded preceding and current row
        ) as bigint) as open_seconds_to
    from openings
)

select
    schedule_id,
    opens_at,
    closes_at,
    open_seconds_to - seconds_open as open_seconds_from,
    open_seconds_to
from metered
