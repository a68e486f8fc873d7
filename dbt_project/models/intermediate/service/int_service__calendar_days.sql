with run as (
    select as_of from {{ source('control', 'run') }}
),

tickets as (
    select created_at from {{ ref('stg_crm__tickets') }}
),

ticket_events as (
    select ticket_events.at as happened_at from {{ ref('stg_crm__ticket_events') }} as ticket_events
),

service_orders as (
    select requested_at from {{ ref('stg_crm__service_orders') }}
),

store_hours as (
    select opened_at from {{ ref('stg_crm__store_hours') }}
),

first_moments as (
    select min(created_at) as first_at from tickets
    union all
    select min(happened_at) as first_at from ticket_events
    union all
    select min(requested_at) as first_at from service_orders
    union all
    select min(opened_at) as first_at from store_hours
    union all
    select as_of as first_at from run
),

-- margin: a local day may begin before UTC's, its first shift may have begun the day before, and the first day holds
-- no shift
span as (
    select
        {{ add_days('min(cast(first_moments.first_at as date))', -3) }} as first_day,
        {{ add_days('max(cast(run.as_of as date))', var('schedule_days_ahead')) }} as last_day
    from first_moments
    cross join run
)

select {{ day_series('first_day', 'last_day') }} as calendar_date
from span
