with days as (
    select calendar_date from {{ ref('int_service__calendar_days') }}
),

shifts as (
    select
        schedule_id,
        shift_date
    from {{ ref('int_service__schedule_shifts') }}
),

schedules as (
    {{ schedule_zones() }}
),

working_days as (
    select distinct
        schedule_id,
        shift_date
    from shifts
),

marked as (
    select
        schedules.schedule_id,
        schedules.time_zone,
        days.calendar_date as local_date,
        working_days.schedule_id is not null as is_working_day
    from schedules
    cross join days
    left join working_days
        on schedules.schedule_id = working_days.schedule_id and days.calendar_date = working_days.shift_date
)

select
    schedule_id,
    local_date,
    is_working_day,
    cast(sum(case when is_working_day then 1 else 0 end) over (
        partition by schedule_id order by local_date
        rows between unbounded preceding and current row
    ) as bigint) as working_day_no,
    {{ wall_to_utc('cast(' ~ add_days('local_date', 1) ~ ' as ' ~ timestamp_type() ~ ')', 'time_zone') }} as day_end_at
from marked
