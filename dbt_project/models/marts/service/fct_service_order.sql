with run as (
    select as_of from {{ source('control', 'run') }}
),

service_orders as (
    select
        service_order_id,
        source_system,
        customer_id,
        order_id,
        store_id,
        category,
        service_type,
        requested_at,
        planned_at,
        promised_at,
        completed_at,
        status,
        right_first_time,
        our_data_error,
        returned_reason,
        fee,
        quantity_requested,
        quantity_supplied,
        is_customised,
        cost
    from {{ ref('stg_crm__service_orders') }}
),

re_promises as (
    select
        case_id,
        first_promised_at,
        re_promises
    from {{ ref('int_service__re_promises') }}
    where promise_source = 'service_orders'
),

store_versions as (
    select
        store_id,
        region,
        schedule_id,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
),

-- what had happened by as_of
known as (
    select
        service_orders.service_order_id,
        service_orders.source_system,
        service_orders.customer_id,
        service_orders.order_id,
        service_orders.store_id,
        service_orders.category,
        service_orders.service_type,
        service_orders.requested_at,
        service_orders.planned_at,
        coalesce(re_promises.first_promised_at, service_orders.promised_at) as promised_at,
        case when service_orders.promised_at is not null then coalesce(re_promises.re_promises, 0) end as re_promises,
        case when service_orders.completed_at < run.as_of then service_orders.completed_at end as completed_at,
        service_orders.status = 'completed' and service_orders.completed_at is null as is_completed_at_unknown_time,
        coalesce(service_orders.status, 'open') = 'cancelled' as is_cancelled,
        service_orders.right_first_time,
        service_orders.our_data_error,
        service_orders.returned_reason is not null as is_returned,
        service_orders.fee,
        service_orders.quantity_requested,
        service_orders.quantity_supplied,
        service_orders.is_customised,
        service_orders.cost,
        run.as_of
    from service_orders
    cross join run
    left join re_promises on service_orders.service_order_id = re_promises.case_id
    where service_orders.requested_at < run.as_of
)

select
    known.service_order_id,
    known.source_system,
    known.customer_id,
    known.order_id,
    known.store_id,
    store_versions.region,
    coalesce(store_versions.schedule_id, '{{ var("default_schedule_id") }}') as schedule_id,
    known.category,
    known.service_type,
    known.requested_at,
    {{ local_month('known.requested_at') }} as requested_month,
    known.planned_at,
    {{ local_month('known.planned_at') }} as planned_month,
    known.promised_at,
    {{ local_month('known.promised_at') }} as promised_month,
    cast(known.re_promises as bigint) as re_promises,
    known.completed_at,
    {{ local_month('known.completed_at') }} as completed_month,
    known.is_cancelled,
    case
        when not known.is_cancelled and known.promised_at < known.as_of and not coalesce(known.is_completed_at_unknown_time, false)
            then coalesce(known.completed_at > known.promised_at, true)
    end as is_late,
    {{ days_between(local_date('known.promised_at'), local_date('known.completed_at')) }} as days_late,
    case when known.completed_at is not null then known.right_first_time end as is_right_first_time,
    known.our_data_error as is_our_data_error,
    case when known.completed_at is not null then known.is_returned end as is_returned,
    {{ measure('known.quantity_requested') }} as quantity_requested,
    {{ measure('known.quantity_supplied') }} as quantity_supplied,
    known.is_customised,
    {{ measure('known.fee') }} as fee,
    {{ measure('known.cost') }} as cost
from known
left join store_versions
    on
        known.store_id = store_versions.store_id
        and known.requested_at >= store_versions.valid_from
        and known.requested_at < store_versions.valid_to
