with customers as (
    select distinct customer_id from {{ ref('int_core__customers_ever') }}
),

joined_records as (
    select customer_id, person_id from {{ ref('int_customer__joined_records') }}
),

found as (
    select
        customer_id,
        min(person_id) as person_id
    from joined_records
    group by customer_id
),

identified as (
    select
        customers.customer_id,
        coalesce(found.person_id, customers.customer_id) as identity_id
    from customers
    left join found on customers.customer_id = found.customer_id
)

select
    customer_id,
    {{ 'customer_id' if var('customer_grain') == 'record' else 'identity_id' }} as person_id,
    identity_id
from identified
