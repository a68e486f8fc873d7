{%- set passes = var('identity_chain_max') -%}
with customers as (
    select customer_id, source_system, type, store_id, region from {{ ref('dim_customer') }}
),

last_month as (
    select max(month) as month from {{ ref('int_core__months') }}
),

keys as (
    select customer_id, key_type, key_hash, priority
    from {{ ref('int_customer__identity_keys') }}
    where is_used
),

-- everyone begins as a person of their own; in each pass all who share a key take the smallest of their persons, which so travels
-- one key further
persons_0 as (
    select distinct customer_id, customer_id as person_id
    from keys
),
{%- for pass in range(1, passes + 1) %}

shared_{{ pass }} as (
    select
        keys.key_hash,
        min(persons.person_id) as person_id
    from keys
    inner join persons_{{ pass - 1 }} as persons on keys.customer_id = persons.customer_id
    group by keys.key_hash
),

persons_{{ pass }} as (
    select
        keys.customer_id,
        min(shared.person_id) as person_id
    from keys
    inner join shared_{{ pass }} as shared on keys.key_hash = shared.key_hash
    group by keys.customer_id
),
{%- endfor %}

-- why a customer was joined: the first of its keys that another customer of the same person has
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
    select person_id, count(*) as customers_of_person
    from persons_{{ passes }}
    group by person_id
)

select
    last_month.month,
    customers.customer_id,
    customers.source_system,
    customers.type,
    customers.store_id,
    customers.region,
    coalesce(persons.person_id, customers.customer_id) as person_id,
    coalesce(sizes.customers_of_person, 1) as customers_of_person,
    coalesce(persons.person_id, customers.customer_id) <> customers.customer_id as is_merged,
    matches.key_type,
    matches.matched_customer_id
from customers
cross join last_month
left join persons_{{ passes }} as persons on customers.customer_id = persons.customer_id
left join sizes on persons.person_id = sizes.person_id
left join matches on customers.customer_id = matches.customer_id and matches.place = 1
