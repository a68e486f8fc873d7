-- The calendar holds a fixed number of openings per day. Rows returned are days of a schedule with more: raise openings_per_day().
select
    schedule_id,
    utc_date,
    openings
from {{ ref('int_service__schedule_calendar') }}
where openings > {{ openings_per_day() }}
