{{ config(materialized='view') }}
-- orders that name no customer tell nothing of customers
with senders as (
    select distinct source_system
    from {{ source('control', 'supply') }}
    where entity = 'orders' and column_name = 'customer_id'
),

records as (
    select customer_id, source_system from {{ ref('int_core__customer_records') }}
),

orders as (
    select customer_id from {{ source('raw', 'orders') }}
)

select source_system
from senders
union all
-- a shop may name the customers of another source in its orders
select distinct records.source_system
from orders
inner join records on orders.customer_id = records.customer_id
left join senders on records.source_system = senders.source_system
where senders.source_system is null
