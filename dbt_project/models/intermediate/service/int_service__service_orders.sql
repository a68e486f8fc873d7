{{ config(materialized='view') }}
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

run as (
    select as_of from {{ source('control', 'run') }}
)

-- what had happened by as_of
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
    coalesce(re_promises.first_promised_at, service_orders.promised_at) < run.as_of as is_promise_past,
    case when service_orders.promised_at is not null then coalesce(re_promises.re_promises, 0) end as re_promises,
    case when service_orders.completed_at < run.as_of then service_orders.completed_at end as completed_at,
    coalesce(service_orders.status, 'open') = 'completed' and service_orders.completed_at is null as is_completed_at_unknown_time,
    coalesce(service_orders.status, 'open') = 'cancelled' as is_cancelled,
    service_orders.right_first_time,
    service_orders.our_data_error,
    service_orders.returned_reason is not null as is_returned,
    service_orders.fee,
    service_orders.quantity_requested,
    service_orders.quantity_supplied,
    service_orders.is_customised,
    service_orders.cost
from service_orders
inner join run on service_orders.requested_at < run.as_of
left join re_promises on service_orders.service_order_id = re_promises.case_id
