{{ config(materialized='view') }}
with shifts as (
    select
        agent_id,
        started_at,
        logged_in_seconds
    from {{ ref('stg_crm__agent_shifts') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
)

-- a log-in that lasts beyond as_of counts up to it
select
    shifts.agent_id,
    {{ local_month('shifts.started_at') }} as month,
    min(shifts.started_at) as first_at,
    {{ int_sum('least(shifts.logged_in_seconds, ' ~ seconds_between('shifts.started_at', 'run.as_of') ~ ')') }}
        as logged_in_seconds
from shifts
inner join run on shifts.started_at < run.as_of
group by shifts.agent_id, {{ local_month('shifts.started_at') }}
