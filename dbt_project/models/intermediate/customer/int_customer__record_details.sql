{{ config(materialized='view') }}
{%- set details = [
    'name', 'tax_id', 'email', 'phone', 'address', 'city', 'postal_code', 'bank_account', 'birth_date', 'gender', 'interests',
    'preferences', 'delivery_notes', 'delivery_priority', 'industry', 'growth_plan', 'fiscal_year_end', 'credit_limit',
] -%}
with records as (
    select customer_id, {{ details | join(', ') }}
    from {{ ref('stg_crm__customers') }}
),

persons as (
    select customer_id, person_id from {{ ref('int_core__persons') }}
)

select
    records.customer_id,
    persons.person_id,
    {%- for detail in details %}
    records.{{ detail }}{{ ',' if not loop.last }}
    {%- endfor %}
from records
inner join persons on records.customer_id = persons.customer_id
