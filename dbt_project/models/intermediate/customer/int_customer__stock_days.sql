{{ config(materialized='view') }}
with stock as (
    select product_id, store_id, {{ adapter.quote('date') }} as stock_date, on_hand
    from {{ ref('stg_crm__stock') }}
),

products as (
    select product_id, category from {{ ref('stg_crm__products') }}
),

run as (
    select as_of_date from {{ source('control', 'run') }}
)

select
    stock.product_id,
    products.category,
    stock.store_id,
    stock.stock_date,
    {{ month_of('stock.stock_date') }} as month,
    stock.on_hand <= 0 as is_out
from stock
inner join run on stock.stock_date <= run.as_of_date
left join products on stock.product_id = products.product_id
where stock.on_hand is not null
