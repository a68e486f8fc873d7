with calendar_days as (
    select
        calendar_date,
        min(calendar_date) over () as first_date
    from {{ ref('int_service__calendar_days') }}
),

-- a local day may begin on the UTC day before, which must be in the calendar too
days as (
    select calendar_date
    from calendar_days
    where calendar_date > first_date
),

shifts as (
    select
        schedule_id,
        time_zone,
        weekday,
        valid_to,
        {{ minute_of_day('opens') }} as opens_minute,
        {{ minute_of_day('closes') }} as closes_minute,
        -- before the first version known, the first
        nullif(
            coalesce(valid_from, cast('0001-01-01' as date)),
            min(coalesce(valid_from, cast('0001-01-01' as date))) over (partition by schedule_id)
        ) as valid_from
    from {{ ref('schedules') }}
),

holidays as (
    select
        schedule_id,
        holiday_date
    from {{ ref('holidays') }}
),

-- a shift belongs to the local day on which it opens
shifts_by_day as (
    select
        shifts.schedule_id,
        shifts.time_zone,
        {{ add_minutes('cast(days.calendar_date as ' ~ timestamp_type() ~ ')', 'shifts.opens_minute') }} as opens_wall,
        {{ add_minutes(
            'cast(days.calendar_date as ' ~ timestamp_type() ~ ')',
            'case when shifts.closes_minute <= shifts.opens_minute then shifts.closes_minute + 1440 else shifts.closes_minute end'
        ) }} as closes_wall
    from shifts
    inner join days
        on
            shifts.weekday = {{ iso_weekday('days.calendar_date') }}
            and days.calendar_date >= coalesce(shifts.valid_from, days.calendar_date)
            and days.calendar_date <= coalesce(shifts.valid_to, days.calendar_date)
    left join holidays on shifts.schedule_id = holidays.schedule_id and days.calendar_date = holidays.holiday_date
    where holidays.schedule_id is null
),

shifts_in_utc as (
    select
        schedule_id,
        {{ wall_to_utc('opens_wall', 'time_zone') }} as opens_at,
        {{ wall_to_utc('closes_wall', 'time_zone') }} as closes_at
    from shifts_by_day
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
