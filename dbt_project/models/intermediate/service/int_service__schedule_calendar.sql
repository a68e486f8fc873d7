with days as (
    select calendar_date from {{ ref('int_service__calendar_days') }}
),

openings as (
    select
        schedule_id,
        opens_at,
        closes_at,
        cast(opens_at as date) as first_date,
        cast({{ add_seconds('closes_at', -1) }} as date) as last_date
    from {{ ref('int_service__schedule_openings') }}
),

schedules as (
    select distinct schedule_id from {{ ref('schedules') }}
),

schedule_days as (
    select
        schedules.schedule_id,
        days.calendar_date as utc_date
    from schedules
    cross join days
),

opening_days as (
    select
        schedule_id,
        opens_at,
        closes_at,
        {{ day_series('first_date', 'last_date') }} as utc_date
    from openings
),

clipped as (
    select
        schedule_id,
        utc_date,
        greatest({{ seconds_between('cast(utc_date as ' ~ timestamp_type() ~ ')', 'opens_at') }}, 0) as opens_second,
        least({{ seconds_between('cast(utc_date as ' ~ timestamp_type() ~ ')', 'closes_at') }}, 86400) as closes_second,
        row_number() over (partition by schedule_id, utc_date order by opens_at) as opening_no
    from opening_days
),

opening_columns as (
    select
        schedule_id,
        utc_date,
        {%- for n in range(1, openings_per_day() + 1) %}
        max(case when opening_no = {{ n }} then opens_second end) as opens_second_{{ n }},
        max(case when opening_no = {{ n }} then closes_second end) as closes_second_{{ n }},
        {%- endfor %}
        count(*) as openings,
        sum(closes_second - opens_second) as seconds_open
    from clipped
    group by schedule_id, utc_date
)

select
    schedule_days.schedule_id,
    schedule_days.utc_date,
    cast(coalesce(sum(opening_columns.seconds_open) over (
        partition by schedule_days.schedule_id order by schedule_days.utc_date
        rows between unbounded preceding and 1 preceding
    ), 0) as bigint) as open_seconds_before,
    {%- for n in range(1, openings_per_day() + 1) %}
    cast(coalesce(opening_columns.opens_second_{{ n }}, 0) as bigint) as opens_second_{{ n }},
    cast(coalesce(opening_columns.closes_second_{{ n }}, 0) as bigint) as closes_second_{{ n }},
    {%- endfor %}
    cast(coalesce(opening_columns.openings, 0) as bigint) as openings
from schedule_days
left join opening_columns
    on schedule_days.schedule_id = opening_columns.schedule_id and schedule_days.utc_date = opening_columns.utc_date
