with run as (
    select as_of from {{ source('control', 'run') }}
),

opened as (
    select
        store_id,
        schedule_id,
        local_day,
        opened_at,
        closed_at
    from {{ ref('int_service__store_openings') }}
),

store_versions as (
    select
        store_id,
        region,
        {{ own_schedule('schedule_id') }} as schedule_id,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

schedules as (
    {{ schedule_zones() }}
),

openings as (
    select
        schedule_id,
        opens_at,
        closes_at
    from {{ ref('int_service__schedule_openings') }}
),

calendar as (
    {{ calendar_columns() }}
),

-- the promised part of the time a store was open: opening at other hours does not make up for it
metered as (
    select
        opened.store_id,
        opened.local_day,
        {{ open_seconds('closing_days', 'opened.closed_at') }} - {{ open_seconds('opening_days', 'opened.opened_at') }} as kept_seconds
    from opened
    left join calendar as opening_days on {{ on_calendar_day('opening_days', 'opened.schedule_id', 'opened.opened_at') }}
    left join calendar as closing_days on {{ on_calendar_day('closing_days', 'opened.schedule_id', 'opened.closed_at') }}
),

kept as (
    select
        store_id,
        local_day,
        cast(floor(sum(kept_seconds)) as bigint) as kept_seconds
    from metered
    group by store_id, local_day
),

last_days as (
    select max(local_day) as last_day
    from opened
),

watched as (
    select
        store_id,
        min(local_day) as first_day
    from opened
    group by store_id
),

-- every promised day of a store since its hours are reported, up to the last day that any store told
promised as (
    select
        watched.store_id,
        store_versions.region,
        store_versions.schedule_id,
        {{ local_date('openings.opens_at', 'schedules.time_zone') }} as local_day,
        {{ int_sum(seconds_between('openings.opens_at', 'least(openings.closes_at, run.as_of)')) }} as promised_seconds
    from watched
    cross join run
    cross join last_days
    inner join store_versions on watched.store_id = store_versions.store_id
    inner join schedules on store_versions.schedule_id = schedules.schedule_id
    inner join openings
        on
            store_versions.schedule_id = openings.schedule_id
            and openings.opens_at >= store_versions.valid_from
            and openings.opens_at < store_versions.valid_to
            and openings.opens_at < run.as_of
    where
        {{ local_date('openings.opens_at', 'schedules.time_zone') }} >= watched.first_day
        and {{ local_date('openings.opens_at', 'schedules.time_zone') }} <= last_days.last_day
    group by
        watched.store_id,
        store_versions.region,
        store_versions.schedule_id,
        {{ local_date('openings.opens_at', 'schedules.time_zone') }}
)

select
    promised.store_id,
    promised.region,
    promised.schedule_id,
    promised.local_day,
    {{ month_of('promised.local_day') }} as month,
    promised.promised_seconds,
    least(coalesce(kept.kept_seconds, 0), promised.promised_seconds) as kept_seconds
from promised
left join kept on promised.store_id = kept.store_id and promised.local_day = kept.local_day
