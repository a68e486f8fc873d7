{{ config(materialized='rounds') }}
with keys as (
    select customer_id, key_hash
    from {{ ref('int_customer__identity_keys') }}
    where is_used
),

found as (
    select customer_id, person_id from {{ this }}
),

-- everyone begins as a person of their own
reported as (
    select customer_id, customer_id as person_id from keys
    union all
    select customer_id, person_id from found
),

persons as (
    select
        customer_id,
        min(person_id) as person_id
    from reported
    group by customer_id
),

placed as (
    select
        keys.key_hash,
        keys.customer_id,
        persons.person_id
    from keys
    inner join persons on keys.customer_id = persons.customer_id
),

shared as (
    select
        key_hash,
        min(person_id) as person_id
    from placed
    group by key_hash
),

-- all who share a key are its smallest person, and so is everyone they were taken for so far
joined as (
    select placed.customer_id, shared.person_id
    from placed
    inner join shared on placed.key_hash = shared.key_hash
    union all
    select placed.person_id as customer_id, shared.person_id
    from placed
    inner join shared on placed.key_hash = shared.key_hash
),

-- who turned out to be somebody else leads on to them: a chain of any length is closed in a few rounds
led as (
    select
        joined.customer_id,
        min(persons.person_id) as person_id
    from joined
    inner join persons on joined.person_id = persons.customer_id
    group by joined.customer_id
)

select
    led.customer_id,
    led.person_id
from led
inner join persons on led.customer_id = persons.customer_id
where led.person_id < persons.person_id
