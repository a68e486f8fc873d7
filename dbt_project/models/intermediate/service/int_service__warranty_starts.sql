{{ config(materialized='view') }}
with run as (
    select as_of from {{ source('control', 'run') }}
),

orders as (
    select
        order_id,
        status,
        ordered_at,
        delivered_at
    from {{ ref('stg_crm__orders') }} as orders
    where {{ sold_amount('orders') }} >= 0
),

order_lines as (
    select
        order_id,
        line_no,
        product_id,
        quantity
    from {{ ref('stg_crm__order_lines') }}
),

products as (
    select
        product_id,
        category,
        warranty_months
    from {{ ref('stg_crm__products') }}
    where warranty_months is not null
),

-- a warranty begins with the delivery, or with the order where the source does not report deliveries
handed_over as (
    select
        order_id,
        coalesce(delivered_at, case when coalesce(status, 'delivered') = 'delivered' then ordered_at end) as started_at
    from orders
),

started as (
    select
        handed_over.order_id,
        {{ local_month('handed_over.started_at') }} as start_month,
        {{ local_date('handed_over.started_at') }} as start_date
    from handed_over
    inner join run on handed_over.started_at < run.as_of
)

select
    order_lines.order_id,
    order_lines.line_no,
    products.product_id,
    products.category,
    products.warranty_months,
    order_lines.quantity,
    started.start_month,
    {{ add_months('started.start_month', 'products.warranty_months') }} as end_month,
    {{ add_months('started.start_date', 'products.warranty_months') }} as end_date
from order_lines
inner join products on order_lines.product_id = products.product_id
inner join started on order_lines.order_id = started.order_id
