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
)

-- a shift belongs to the local day on which it opens
select
    shifts.schedule_id,
    shifts.time_zone,
    days.calendar_date as shift_date,
    {{ add_minutes('cast(days.calendar_date as ' ~ timestamp_type() ~ ')', 'shifts.opens_minute') }} as opens_wall,
    {{ add_minutes(
        'cast(days.calendar_date as ' ~ timestamp_type() ~ ')',
        'shifts.closes_minute + case when shifts.closes_minute <= shifts.opens_minute then 1440 else 0 end'
    ) }} as closes_wall
from shifts
inner join days
    on
        shifts.weekday = {{ iso_weekday('days.calendar_date') }}
        and days.calendar_date >= coalesce(shifts.valid_from, days.calendar_date)
        and days.calendar_date <= coalesce(shifts.valid_to, days.calendar_date)
left join holidays on shifts.schedule_id = holidays.schedule_id and days.calendar_date = holidays.holiday_date
where holidays.schedule_id is null
