with customer_months as (
    select
        month, customer_id, source_system, type, store_id, region, is_buyer, orders_in_window, mean_order_value, matrix_cell
    from {{ ref('fct_customer_month') }}
),

months as (
    select max(month) as month from {{ ref('int_core__months') }}
),

buyers as (
    select
        customer_months.month,
        customer_months.customer_id,
        customer_months.source_system,
        customer_months.type,
        customer_months.store_id,
        customer_months.region,
        customer_months.orders_in_window,
        customer_months.mean_order_value,
        customer_months.matrix_cell
    from customer_months
    inner join months on customer_months.month = months.month
    where customer_months.is_buyer
),

means as (
    select
        {{ measure(divide('sum(orders_in_window)', 'count(*)')) }} as mean_orders,
        {{ measure(divide('sum(mean_order_value)', 'count(*)')) }} as mean_of_mean_order_value
    from buyers
)

select
    buyers.month,
    buyers.customer_id,
    buyers.source_system,
    buyers.type,
    buyers.store_id,
    buyers.region,
    buyers.orders_in_window as orders_count,
    buyers.mean_order_value,
    means.mean_orders,
    means.mean_of_mean_order_value,
    buyers.matrix_cell as cell
from buyers
cross join means
