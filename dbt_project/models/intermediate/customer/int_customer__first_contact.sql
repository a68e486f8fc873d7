with orders as (
    select customer_id, ordered_at, is_purchase from {{ ref('fct_order') }}
),

interactions as (
    select customer_id, started_at from {{ ref('stg_crm__interactions') }}
),

opportunities as (
    select customer_id, created_at from {{ ref('stg_crm__opportunities') }}
),

tickets as (
    select customer_id, created_at from {{ ref('stg_crm__tickets') }}
),

touches as (
    select customer_id, ordered_at as touched_at, case when is_purchase then ordered_at end as ordered_at from orders
    union all
    select customer_id, started_at as touched_at, null as ordered_at from interactions
    union all
    select customer_id, created_at as touched_at, null as ordered_at from opportunities
    union all
    select customer_id, created_at as touched_at, null as ordered_at from tickets
)

select
    customer_id,
    min(touched_at) as first_contact_at,
    min(ordered_at) as first_order_at
from touches
where customer_id is not null and touched_at < {{ as_of() }}
group by customer_id
