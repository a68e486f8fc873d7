with run as (
    select as_of from {{ source('control', 'run') }}
),

service_orders as (
    select
        service_order_id,
        store_id,
        region,
        category,
        service_type,
        requested_month,
        planned_at,
        planned_month,
        completed_at,
        completed_month,
        is_cancelled,
        is_late,
        promised_month,
        is_returned,
        is_our_data_error,
        quantity_requested,
        quantity_supplied,
        fee
    from {{ ref('fct_service_order') }}
)

select
    service_orders.service_order_id,
    service_orders.store_id,
    service_orders.region,
    service_orders.category,
    service_orders.service_type,
    service_orders.requested_month,
    service_orders.promised_month,
    service_orders.planned_month,
    service_orders.completed_month,
    service_orders.is_cancelled,
    service_orders.is_late,
    case when not service_orders.is_cancelled then service_orders.is_returned end as is_returned,
    case when not service_orders.is_cancelled and service_orders.completed_at is not null then service_orders.quantity_requested end
        as parts_requested,
    case
        when not service_orders.is_cancelled and service_orders.completed_at is not null and service_orders.quantity_requested is not null
            then least(coalesce(service_orders.quantity_supplied, {{ measure('0') }}), service_orders.quantity_requested)
    end as parts_supplied,
    -- a patrol that was called off was planned and not made
    case
        when service_orders.category = 'patrol_inspection' and service_orders.planned_at < run.as_of
            then coalesce(
                not service_orders.is_cancelled
                and service_orders.completed_month <= service_orders.planned_month,
                false
            )
    end as is_patrol_done,
    case
        when service_orders.completed_at is not null and (coalesce(service_orders.is_our_data_error, false) or service_orders.is_returned)
            then coalesce(service_orders.fee, {{ measure('0') }})
    end as fee_for_our_error
from service_orders
cross join run
