{%- set text = text_type() -%}
with customers as (
    select customer_id, source_system, tax_id, email, phone, first_known_at, acquired_at from {{ ref('int_core__customers_ever') }}
),

overrides as (
    select customer_id, action, with_customer_id from {{ ref('identity_overrides') }}
),

splits as (
    select distinct customer_id
    from overrides
    where action = 'split'
),

-- who by the source's word came after as_of joins nobody before
known as (
    select
        customers.customer_id,
        customers.source_system,
        customers.tax_id,
        customers.email,
        customers.phone
    from customers
    cross join {{ source('control', 'run') }} as run
    where coalesce(customers.first_known_at, customers.acquired_at, {{ beginning_of_time() }}) < run.as_of
),

-- a telephone number tells one person from all others only in its international form
cleaned as (
    select
        known.customer_id,
        known.source_system,
        upper(replace(trim(known.tax_id), ' ', '')) as tax_id,
        lower(trim(known.email)) as email,
        replace(trim(known.phone), ' ', '') as written_phone,
        replace(replace(replace(replace(replace(trim(known.phone), ' ', ''), '-', ''), '.', ''), '(', ''), ')', '') as phone
    from known
    left join splits on known.customer_id = splits.customer_id
    where splits.customer_id is null
),

-- where no digit but 0 stands (n/a, none, 0000) there is no number
exact_keys as (
    select customer_id, source_system, 2 as priority, 'tax_id' as key_type, tax_id as key_value, {{ is_destroyed_number('tax_id') }} as is_destroyed
    from cleaned
    where {{ matches('tax_id', '[1-9]') }}
    union all
    select customer_id, source_system, 3 as priority, 'email' as key_type, email as key_value, false as is_destroyed
    from cleaned
    where email like '%_@_%'
    union all
    select
        customer_id,
        source_system,
        4 as priority,
        'phone' as key_type,
        phone as key_value,
        {{ is_destroyed_number('written_phone') }} as is_destroyed
    from cleaned
    where
        (phone like '+%' and length(phone) between 9 and 16 and {{ matches('phone', '[1-9]') }})
        or {{ is_destroyed_number('written_phone') }}
),

joins as (
    select
        overrides.customer_id,
        one.source_system,
        overrides.with_customer_id,
        other.source_system as with_source_system
    from overrides
    inner join known as one on overrides.customer_id = one.customer_id
    inner join known as other on overrides.with_customer_id = other.customer_id
    where overrides.action = 'join'
),

keys as (
    select
        customer_id,
        source_system,
        priority,
        key_type,
        md5(concat_ws('|', key_type, key_value)) as key_hash,
        is_destroyed
    from exact_keys
    union all
    select
        customer_id,
        source_system,
        1 as priority,
        'override' as key_type,
        md5(concat_ws('|', 'override', customer_id, with_customer_id)) as key_hash,
        false as is_destroyed
    from joins
    union all
    select
        with_customer_id as customer_id,
        with_source_system as source_system,
        1 as priority,
        'override' as key_type,
        md5(concat_ws('|', 'override', customer_id, with_customer_id)) as key_hash,
        false as is_destroyed
    from joins
),

sized as (
    select
        customer_id,
        source_system,
        priority,
        key_type,
        key_hash,
        is_destroyed,
        count(*) over (partition by key_hash) as customers_with_key
    from keys
)

select distinct
    customer_id,
    source_system,
    cast(priority as integer) as priority,
    cast(key_type as {{ text }}) as key_type,
    key_hash,
    customers_with_key,
    is_destroyed,
    customers_with_key <= {{ var('identity_key_customers_max') }} and not is_destroyed as is_used
from sized
where customers_with_key > 1 or is_destroyed
