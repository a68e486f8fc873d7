with service_orders as (
    select
        service_order_id,
        customer_id,
        store_id,
        region,
        category,
        service_type,
        completed_at,
        completed_month,
        is_right_first_time,
        is_our_data_error,
        is_returned
    from {{ ref('fct_service_order') }}
    where completed_at is not null and not is_cancelled
)

-- an error of ours (a wrong address) and a job that came back were not right, whatever the source ticked
select
    service_order_id,
    customer_id,
    store_id,
    region,
    category,
    service_type,
    completed_at,
    completed_month,
    coalesce(is_our_data_error, false) as is_our_error,
    case
        when coalesce(is_our_data_error, false) or is_returned then false
        else is_right_first_time
    end as is_right_first_time
from service_orders
