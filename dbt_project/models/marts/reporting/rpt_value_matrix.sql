{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
with customer_months as (
    select month, matrix_cell, region, store_id, orders_in_window, spend_in_window
    from {{ ref('fct_customer_month') }}
    where matrix_cell is not null
)

select
    month,
    {{ scope_columns(scopes) }},
    matrix_cell as cell,
    count(*) as customers,
    {{ measure(divide('sum(orders_in_window)', 'count(*)')) }} as mean_orders,
    {{ measure(divide('sum(spend_in_window)', 'sum(orders_in_window)')) }} as mean_order_value,
    {{ measure('sum(spend_in_window)') }} as spend
from customer_months
{{ group_by_scope(scopes, ['month', 'matrix_cell']) }} -- noqa: PRS
