{{ config(materialized='view') }}
with run as (
    select as_of from {{ source('control', 'run') }}
),

contacts as (
    select contact_type, source_id, customer_id, contacted_at, channel, is_reached
    from {{ ref('int_lifecycle__contacts') }}
),

interactions as (
    select interaction_id, customer_id, store_id, channel, started_at, abandoned
    from {{ ref('stg_crm__interactions') }}
    where direction = 'inbound'
),

orders as (
    select order_id, customer_id, store_id, channel, ordered_at, promised_at, delivered_at, is_valid, is_purchase, is_return, status
    from {{ ref('fct_order') }}
),

promises as (
    select service_order_id, promised_at
    from {{ ref('fct_service_order') }}
),

jobs_done as (
    select service_order_id, customer_id, store_id, completed_at, is_right_first_time
    from {{ ref('first_time_right') }}
),

service_orders as (
    select
        jobs_done.service_order_id,
        jobs_done.customer_id,
        jobs_done.store_id,
        jobs_done.completed_at,
        jobs_done.completed_at > promises.promised_at as is_late,
        jobs_done.is_right_first_time
    from jobs_done
    inner join promises on jobs_done.service_order_id = promises.service_order_id
),

tickets as (
    select ticket_id, customer_id, store_id, channel, kind, phase, created_at, reopens, solved_at
    from {{ ref('fct_ticket') }}
    where not is_deleted and not is_merged
),

returns as (
    select
        returns.return_id,
        orders.customer_id,
        orders.store_id,
        returns.returned_at
    from {{ ref('stg_crm__returns') }} as returns
    inner join orders on returns.order_id = orders.order_id
),

-- is_failed: whether the touch went wrong, null where that cannot be known
touches as (
    select
        customer_id,
        contacted_at as touched_at,
        'reached' as journey_step,
        contact_type || ':' || source_id as source_id,
        cast(null as {{ text_type() }}) as store_id,
        channel,
        not is_reached as is_failed
    from contacts
    union all
    select
        customer_id,
        started_at as touched_at,
        'enquired' as journey_step,
        'interaction:' || interaction_id as source_id,
        store_id,
        channel,
        coalesce(abandoned, false) as is_failed
    from interactions
    union all
    select
        customer_id,
        ordered_at as touched_at,
        'ordered' as journey_step,
        'order:' || order_id as source_id,
        store_id,
        channel,
        coalesce(status = 'unavailable', false) as is_failed
    from orders
    where not is_return
    union all
    select
        customer_id,
        delivered_at as touched_at,
        'delivered' as journey_step,
        'order:' || order_id as source_id,
        store_id,
        channel,
        -- known at once, also where the promise falls due later
        delivered_at > promised_at as is_failed
    from orders
    where is_purchase and delivered_at is not null
    union all
    select
        customer_id,
        completed_at as touched_at,
        'served' as journey_step,
        'service_order:' || service_order_id as source_id,
        store_id,
        cast(null as {{ text_type() }}) as channel,
        case
            when is_late or not is_right_first_time then true
            when is_late is not null or is_right_first_time is not null then false
        end as is_failed
    from service_orders
    union all
    select
        customer_id,
        created_at as touched_at,
        case
            when kind = 'complaint' then 'complained'
            when phase = 'before_sale' then 'enquired'
            else 'asked'
        end as journey_step,
        'ticket:' || ticket_id as source_id,
        store_id,
        channel,
        -- had to be reopened; while it is open that is not decided
        case
            when reopens > 0 then true
            when solved_at is not null then false
        end as is_failed
    from tickets
    union all
    select
        customer_id,
        returned_at as touched_at,
        'returned' as journey_step,
        'return:' || return_id as source_id,
        store_id,
        cast(null as {{ text_type() }}) as channel,
        cast(null as boolean) as is_failed
    from returns
    union all
    select
        customer_id,
        ordered_at as touched_at,
        'returned' as journey_step,
        'order:' || order_id as source_id,
        store_id,
        channel,
        cast(null as boolean) as is_failed
    from orders
    where is_return and is_valid
)

select
    touches.customer_id,
    touches.touched_at,
    {{ local_date('touches.touched_at') }} as touch_date,
    touches.journey_step,
    touches.source_id,
    touches.store_id,
    touches.channel,
    touches.is_failed
from touches
cross join run
where touches.customer_id is not null and touches.touched_at < run.as_of
