with stock as (
    select product_id, store_id, {{ adapter.quote('date') }} as stock_date, on_hand
    from {{ ref('stg_crm__stock') }}
),

products as (
    select product_id, category from {{ ref('stg_crm__products') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

counted as (
    select
        store_id,
        product_id,
        stock_date,
        {{ month_of('stock_date') }} as month,
        on_hand
    from stock
    where stock_date <= {{ as_of_date() }} and on_hand is not null
),

months as (
    select
        counted.month,
        counted.store_id,
        products.category,
        min(counted.stock_date) as first_date,
        count(*) as product_days,
        count(case when counted.on_hand <= 0 then 1 end) as product_days_out
    from counted
    left join products on counted.product_id = products.product_id
    group by counted.month, counted.store_id, products.category
)

select
    months.month,
    months.store_id,
    store_versions.region,
    months.category,
    months.product_days,
    months.product_days_out
from months
left join store_versions
    on months.store_id = store_versions.store_id
    and {{ to_utc('months.first_date') }} >= store_versions.valid_from
    and {{ to_utc('months.first_date') }} < store_versions.valid_to
