with run as (
    select as_of from {{ source('control', 'run') }}
),

cases as (
    select
        standard_id,
        case_source,
        case_id,
        source_system,
        store_id,
        region,
        schedule_id,
        requested_at,
        requested_date,
        delivered_at,
        rings,
        limit_value,
        limit_unit,
        mean_target,
        on_time_target
    from {{ ref('int_service__standard_cases') }}
),

schedules as (
    {{ schedule_zones() }}
),

working_days as (
    select
        schedule_id,
        local_date,
        is_working_day,
        working_day_no,
        day_end_at
    from {{ ref('int_service__working_days') }}
),

promises as (
    select
        promise_id,
        source_system,
        standard_id,
        store_id,
        value,
        unit,
        valid_from,
        valid_to
    from {{ ref('int_service__promises') }}
    where standard_id is not null
),

givers as (
    select source_system, giver
    from {{ ref('int_core__givers') }}
    where entity = 'promises'
),

-- a store's own promise before one for every store, the newest before older ones
promised as (
    select
        cases.standard_id,
        cases.case_id,
        promises.value as promised_value,
        row_number() over (
            partition by cases.standard_id, cases.case_id
            order by
                case when promises.store_id is null then 1 else 0 end,
                promises.valid_from desc nulls last,
                promises.promise_id
        ) as promise_no
    from cases
    inner join givers on cases.source_system = givers.source_system
    inner join promises
        on
            givers.giver = promises.source_system
            and cases.standard_id = promises.standard_id
            and cases.limit_unit = promises.unit
            and coalesce(promises.store_id, cases.store_id, '') = coalesce(cases.store_id, '')
            and cases.requested_date >= coalesce(promises.valid_from, cases.requested_date)
            and cases.requested_date <= coalesce(promises.valid_to, cases.requested_date)
),

local_days as (
    select
        cases.standard_id,
        cases.case_id,
        {{ local_date('cases.requested_at', 'schedules.time_zone') }} as requested_local_date,
        {{ local_date('cases.delivered_at', 'schedules.time_zone') }} as delivered_local_date
    from cases
    inner join schedules on cases.schedule_id = schedules.schedule_id
    where cases.limit_unit in ('working_days', 'calendar_days')
),

-- days count from the day after the request; a limit of days lasts to the last second of its last local day, so that it
-- is over, and overdue, when that day is
days as (
    select
        cases.standard_id,
        cases.case_id,
        case cases.limit_unit
            when 'working_days' then {{ add_seconds('due_working_days.day_end_at', -1) }}
            else {{ add_seconds('due_days.day_end_at', -1) }}
        end as due_at,
        case cases.limit_unit
            when 'working_days' then delivered_days.working_day_no - requested_days.working_day_no
            else {{ days_between('local_days.requested_local_date', 'local_days.delivered_local_date') }}
        end as days_taken
    from cases
    inner join local_days on cases.standard_id = local_days.standard_id and cases.case_id = local_days.case_id
    inner join working_days as requested_days
        on
            cases.schedule_id = requested_days.schedule_id
            and local_days.requested_local_date = requested_days.local_date
    left join working_days as delivered_days
        on
            cases.schedule_id = delivered_days.schedule_id
            and local_days.delivered_local_date = delivered_days.local_date
    left join working_days as due_working_days
        on
            cases.schedule_id = due_working_days.schedule_id
            and due_working_days.working_day_no = requested_days.working_day_no + cast(cases.limit_value as bigint)
            and due_working_days.is_working_day
    left join working_days as due_days
        on
            cases.schedule_id = due_days.schedule_id
            and due_days.local_date = {{ add_days('local_days.requested_local_date', 'cases.limit_value') }}
),

measured as (
    select
        cases.standard_id,
        cases.case_source,
        cases.case_id,
        cases.store_id,
        cases.region,
        cases.requested_at,
        case cases.limit_unit
            when 'minutes' then {{ add_seconds('cases.requested_at', 'cast(cases.limit_value * 60 as bigint)') }}
            when 'hours' then {{ add_seconds('cases.requested_at', 'cast(cases.limit_value * 3600 as bigint)') }}
            when 'rings' then cases.requested_at
            else days.due_at
        end as due_at,
        cases.delivered_at,
        cases.limit_unit,
        promised.promised_value,
        cases.limit_value as standard_value,
        case cases.limit_unit
            when 'minutes' then {{ divide(seconds_between('cases.requested_at', 'cases.delivered_at'), 60) }}
            when 'hours' then {{ divide(seconds_between('cases.requested_at', 'cases.delivered_at'), 3600) }}
            when 'rings' then case when cases.delivered_at is not null then cast(cases.rings as double) end
            else cast(days.days_taken as double)
        end as delivered_value,
        cases.mean_target,
        cases.on_time_target
    from cases
    left join promised
        on cases.standard_id = promised.standard_id and cases.case_id = promised.case_id and promised.promise_no = 1
    left join days on cases.standard_id = days.standard_id and cases.case_id = days.case_id
)

select
    measured.standard_id,
    measured.case_source,
    measured.case_id,
    measured.store_id,
    measured.region,
    measured.requested_at,
    measured.due_at,
    {{ local_month('measured.due_at') }} as due_month,
    measured.delivered_at,
    {{ local_month('measured.delivered_at') }} as delivered_month,
    measured.limit_unit,
    {{ measure('measured.promised_value') }} as promised_value,
    {{ measure('measured.standard_value') }} as standard_value,
    {{ measure('measured.delivered_value') }} as delivered_value,
    case
        when measured.delivered_at is not null and measured.limit_unit = 'rings'
            then measured.delivered_value <= measured.standard_value
        when measured.delivered_at is not null then measured.delivered_at <= measured.due_at
        when measured.due_at < run.as_of then false
    end as is_on_time,
    {{ measure('measured.mean_target') }} as mean_target,
    {{ measure('measured.on_time_target') }} as on_time_target
from measured
cross join run
