with service_orders as (
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
        is_promise_past,
        re_promises,
        completed_at,
        is_completed_at_unknown_time,
        is_cancelled,
        right_first_time,
        our_data_error,
        is_returned,
        fee,
        quantity_requested,
        quantity_supplied,
        is_customised,
        cost
    from {{ ref('int_service__service_orders') }}
),

store_versions as (
    select
        store_id,
        region,
        schedule_id,
        valid_from,
        valid_to
    from {{ ref('int_core__store_versions') }}
)

select
    service_orders.service_order_id,
    service_orders.source_system,
    service_orders.customer_id,
    service_orders.order_id,
    service_orders.store_id,
    store_versions.region,
    {{ own_schedule('store_versions.schedule_id') }} as schedule_id,
    service_orders.category,
    service_orders.service_type,
    service_orders.requested_at,
    {{ local_month('service_orders.requested_at') }} as requested_month,
    service_orders.planned_at,
    {{ local_month('service_orders.planned_at') }} as planned_month,
    service_orders.promised_at,
    {{ local_month('service_orders.promised_at') }} as promised_month,
    cast(service_orders.re_promises as bigint) as re_promises,
    service_orders.completed_at,
    {{ local_month('service_orders.completed_at') }} as completed_month,
    service_orders.is_cancelled,
    case
        when not service_orders.is_cancelled and service_orders.is_promise_past and not service_orders.is_completed_at_unknown_time
            then coalesce(service_orders.completed_at > service_orders.promised_at, true)
    end as is_late,
    {{ days_between(local_date('service_orders.promised_at'), local_date('service_orders.completed_at')) }} as days_late,
    case when service_orders.completed_at is not null then service_orders.right_first_time end as is_right_first_time,
    service_orders.our_data_error as is_our_data_error,
    case when service_orders.completed_at is not null then service_orders.is_returned end as is_returned,
    {{ measure('service_orders.quantity_requested') }} as quantity_requested,
    {{ measure('service_orders.quantity_supplied') }} as quantity_supplied,
    service_orders.is_customised,
    {{ measure('service_orders.fee') }} as fee,
    {{ measure('service_orders.cost') }} as cost
from service_orders
left join store_versions
    on
        service_orders.store_id = store_versions.store_id
        and service_orders.requested_at >= store_versions.valid_from
        and service_orders.requested_at < store_versions.valid_to
