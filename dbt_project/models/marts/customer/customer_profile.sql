{#- A group of which no source ever filled a field is not known to be empty: it is left out. -#}
{%- set groups = {
    'basic': ['name', 'address', 'phone', 'bank_account'],
    'commercial': ['industry', 'growth_plan', 'fiscal_year_end'],
    'personal': ['birth_date', 'interests', 'preferences'],
    'logistics': ['delivery_priority'],
    'record': ['first_order_at'],
} -%}
{%- set stated_by = {'record': ['orders.customer_id']} -%}
{%- for group in ['basic', 'commercial', 'personal', 'logistics'] -%}
    {%- set columns = [] -%}
    {%- for field in groups[group] -%}{%- do columns.append('customers.' ~ field) -%}{%- endfor -%}
    {%- do stated_by.update({group: columns}) -%}
{%- endfor -%}
{%- set fields = groups.basic + groups.commercial + groups.personal + groups.logistics -%}
with records as (
    select person_id, {{ fields | join(', ') }}
    from {{ ref('int_customer__record_details') }}
),

-- what any record of a person tells is known
contacts as (
    select
        person_id as customer_id,
        {%- for field in fields %}
        max({{ field }}) as {{ field }}{{ ',' if not loop.last }}
        {%- endfor %}
    from records
    group by person_id
),

customers as (
    select customer_id, source_system, type, store_id, region, first_order_at from {{ ref('dim_customer') }}
),

months as (
    select max(month) as month from {{ ref('int_core__months') }}
),

supplied as (
    {{ supplied_columns(stated_by.values() | sum(start=[])) | indent(4) }}
),

reported as (
    select
        {%- for group, columns in stated_by.items() %}
        {% for column in columns %}{{ column | replace('.', '__') }}{{ ' or ' if not loop.last }}{% endfor %} as {{ group }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from supplied
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
        case when reported.{{ group }} then {{ divide(filled_count(fields), fields | length) }} end as {{ group }}_rate
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from contacts
    inner join customers on contacts.customer_id = customers.customer_id
    cross join months
    cross join reported
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
    {{ measure(divide(
        'coalesce(basic_rate, 0) + coalesce(commercial_rate, 0) + coalesce(personal_rate, 0) + coalesce(logistics_rate, 0)'
        ~ ' + coalesce(record_rate, 0)',
        filled_count(['basic_rate', 'commercial_rate', 'personal_rate', 'logistics_rate', 'record_rate']),
    )) }} as overall_rate
from rated
