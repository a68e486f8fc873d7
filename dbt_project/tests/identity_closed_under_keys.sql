-- Customers that share a used key but were left as different persons: chains longer than identity_chain_max can follow.
with keys as (
    select customer_id, key_hash
    from {{ ref('int_customer__identity_keys') }}
    where is_used
),

persons as (
    select customer_id, person_id from {{ ref('identity') }}
)

select keys.key_hash
from keys
inner join persons on keys.customer_id = persons.customer_id
group by keys.key_hash
having count(distinct persons.person_id) > 1
