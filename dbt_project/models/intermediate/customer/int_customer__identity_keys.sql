{%- set text = text_type() -%}
with customers as (
    select customer_id, tax_id, email, phone from {{ ref('stg_crm__customers') }}
),

known as (
    select customer_id from {{ ref('dim_customer') }}
),

overrides as (
    select customer_id, action, with_customer_id from {{ ref('identity_overrides') }}
),

splits as (
    select distinct customer_id
    from overrides
    where action = 'split'
),

-- a telephone number tells one person from all others only in its international form
cleaned as (
    select
        customers.customer_id,
        upper(replace(trim(customers.tax_id), ' ', '')) as tax_id,
        lower(trim(customers.email)) as email,
        replace(replace(replace(replace(replace(trim(customers.phone), ' ', ''), '-', ''), '.', ''), '(', ''), ')', '') as phone
    from customers
    inner join known on customers.customer_id = known.customer_id
    left join splits on customers.customer_id = splits.customer_id
    where splits.customer_id is null
),

exact_keys as (
    select customer_id, 2 as priority, 'tax_id' as key_type, tax_id as key_value
    from cleaned
    where tax_id <> ''
    union all
    select customer_id, 3 as priority, 'email' as key_type, email as key_value
    from cleaned
    where email like '%_@_%'
    union all
    select customer_id, 4 as priority, 'phone' as key_type, phone as key_value
    from cleaned
    where phone like '+%' and length(phone) between 9 and 16
),

joins as (
    select overrides.customer_id, overrides.with_customer_id
    from overrides
    inner join known as one on overrides.customer_id = one.customer_id
    inner join known as other on overrides.with_customer_id = other.customer_id
    where overrides.action = 'join'
),

keys as (
    select
        customer_id,
        priority,
        key_type,
        md5(concat_ws('|', key_type, key_value)) as key_hash
    from exact_keys
    union all
    select
        customer_id,
        1 as priority,
        'override' as key_type,
        md5(concat_ws('|', 'override', customer_id, with_customer_id)) as key_hash
    from joins
    union all
    select
        with_customer_id as customer_id,
        1 as priority,
        'override' as key_type,
        md5(concat_ws('|', 'override', customer_id, with_customer_id)) as key_hash
    from joins
),

sized as (
    select
        customer_id,
        priority,
        key_type,
        key_hash,
        count(*) over (partition by key_hash) as customers_with_key
    from keys
)

select distinct
    customer_id,
    cast(priority as integer) as priority,
    cast(key_type as {{ text }}) as key_type,
    key_hash,
    customers_with_key,
    customers_with_key <= {{ var('identity_key_customers_max') }} as is_used
from sized
where customers_with_key > 1
