with loads as (
    select entity, event_from, event_to
    from {{ source('control', 'loads') }}
    where status = 'loaded'
),

run as (
    select as_of, as_of_date
    from {{ source('control', 'run') }}
),

-- what reaches back before the time that was delivered reports no month of its own
covered as (
    select
        {{ local_month('coalesce(min(case when loads.entity not in (' ~ reaching_back() ~ ') then loads.event_from end), min(loads.event_from))') }}
            as first_month,
        {{ local_month('max(loads.event_to)') }} as last_month
    from loads
),

bounds as (
    select
        run.as_of,
        least(coalesce(covered.first_month, {{ month_of('run.as_of_date') }}), {{ month_of('run.as_of_date') }}) as first_month,
        least(coalesce(covered.last_month, {{ month_of('run.as_of_date') }}), {{ month_of('run.as_of_date') }}) as last_month
    from run
    cross join covered
),

kept as (
    select
        as_of,
        greatest(first_month, {{ add_months('last_month', 1 - var('history_months')) }}) as first_month,
        last_month
    from bounds
),

months as (
    select
        as_of,
        {{ month_series('first_month', 'last_month') }} as month
    from kept
),

limits as (
    select
        month,
        as_of,
        {{ to_utc('month') }} as month_start_at,
        {{ to_utc(add_months('month', 1)) }} as next_month_start_at
    from months
)

select
    month,
    month_start_at,
    least(next_month_start_at, as_of) as month_end_at,
    {{ add_days(local_date('least(next_month_start_at, as_of)'), -1) }} as month_end_date,
    next_month_start_at <= as_of as is_complete
from limits
