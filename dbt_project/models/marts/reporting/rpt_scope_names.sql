with scopes as (
    select distinct
        scope_type,
        scope_id
    from {{ ref('kpi_monthly') }}
),

stores as (
    select
        store_id,
        name,
        load_date,
        row_hash
    from {{ source('raw', 'stores') }}
),

products as (
    select
        product_id,
        name,
        load_date,
        row_hash
    from {{ source('raw', 'products') }}
),

-- a store or product that is gone keeps its last name: past months still print it
newest_stores as (
    select
        store_id,
        name,
        row_number() over (partition by store_id order by load_date desc, row_hash desc) as load_no
    from stores
),

newest_products as (
    select
        product_id,
        name,
        row_number() over (partition by product_id order by load_date desc, row_hash desc) as load_no
    from products
)

select
    'store' as scope_type,
    store_id as scope_id,
    coalesce(name, store_id) as name
from newest_stores
where load_no = 1
union all
select
    'product' as scope_type,
    product_id as scope_id,
    coalesce(name, product_id) as name
from newest_products
where load_no = 1
union all
-- the others are named as they are: teams, regions, channels, categories; and a store that no list of stores has
select
    scopes.scope_type,
    scopes.scope_id,
    scopes.scope_id as name
from scopes
left join newest_stores on scopes.scope_type = 'store' and scopes.scope_id = newest_stores.store_id and newest_stores.load_no = 1
where newest_stores.store_id is null
