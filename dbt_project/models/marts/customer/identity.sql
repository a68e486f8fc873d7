with customers as (
    select customer_id, type from {{ ref('int_core__customers_ever') }}
),

records as (
    select customer_id, person_id, source_system, store_id, region from {{ ref('int_core__customer_records') }}
),

persons as (
    select customer_id, identity_id from {{ ref('int_core__persons') }}
),

known as (
    select customer_id from {{ ref('dim_customer') }}
),

last_month as (
    select max(month) as month from {{ ref('int_core__months') }}
),

keys as (
    select customer_id, key_type, key_hash, priority
    from {{ ref('int_customer__identity_keys') }}
    where is_used
),

-- why a record was joined: the first of its keys that another record of the same person has
matches as (
    select
        keys.customer_id,
        keys.key_type,
        others.customer_id as matched_customer_id,
        row_number() over (partition by keys.customer_id order by keys.priority, others.customer_id) as place
    from keys
    inner join keys as others on keys.key_hash = others.key_hash and keys.customer_id <> others.customer_id
),

sizes as (
    select identity_id, count(*) as customers_of_person
    from persons
    group by identity_id
)

select
    last_month.month,
    records.customer_id,
    records.source_system,
    coalesce(customers.type, 'unknown') as type,
    records.store_id,
    records.region,
    persons.identity_id as person_id,
    sizes.customers_of_person,
    persons.identity_id <> records.customer_id as is_merged,
    matches.key_type,
    matches.matched_customer_id
from records
cross join last_month
inner join known on records.person_id = known.customer_id
inner join customers on records.customer_id = customers.customer_id
inner join persons on records.customer_id = persons.customer_id
inner join sizes on persons.identity_id = sizes.identity_id
left join matches on records.customer_id = matches.customer_id and matches.place = 1
