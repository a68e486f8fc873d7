with stock_days as (
    select month, store_id, category, stock_date, is_out from {{ ref('int_customer__stock_days') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

months as (
    select
        month,
        store_id,
        category,
        min(stock_date) as first_date,
        count(*) as product_days,
        count(case when is_out then 1 end) as product_days_out
    from stock_days
    group by month, store_id, category
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
