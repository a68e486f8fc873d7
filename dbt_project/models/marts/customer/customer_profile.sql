{%- set groups = {
    'basic': ['name', 'address', 'phone', 'bank_account'],
    'commercial': ['industry', 'growth_plan', 'fiscal_year_end'],
    'personal': ['birth_date', 'interests', 'preferences'],
    'logistics': ['delivery_priority'],
    'record': ['first_order_at'],
} -%}
with contacts as (
    select customer_id, industry, growth_plan, fiscal_year_end, delivery_priority, {{ (groups.basic + groups.personal) | join(', ') }}
    from {{ ref('stg_crm__customers') }}
),

customers as (
    select customer_id, source_system, type, store_id, region, first_order_at from {{ ref('dim_customer') }}
),

months as (
    select max(month) as month from {{ ref('int_core__months') }}
),

rated as (
    select
        months.month,
        customers.customer_id,
        customers.source_system,
        customers.type,
        customers.store_id,
        customers.region,
        {%- for group, fields in groups.items() %}
        {{ divide(filled_count(fields), fields | length) }} as {{ group }}_rate
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from contacts
    inner join customers on contacts.customer_id = customers.customer_id
    cross join months
)

select
    month,
    customer_id,
    source_system,
    type,
    store_id,
    region,
    {%- for group in groups %}
    {{ measure(group ~ '_rate') }} as {{ group }}_rate,
    {%- endfor %}
    {{ measure(divide('basic_rate + commercial_rate + personal_rate + logistics_rate + record_rate', 5)) }} as overall_rate
from rated
