{#- An address comes from one record as a whole; of the rest each field is the first that a record of the person fills. -#}
{%- set address = ['address', 'city', 'postal_code'] -%}
{%- set fields = [
    'name', 'tax_id', 'email', 'phone', 'address', 'city', 'postal_code', 'bank_account', 'birth_date', 'gender', 'interests',
    'preferences', 'delivery_notes',
] -%}
with customers as (
    select customer_id, {{ fields | join(', ') }}
    from {{ ref('int_customer__record_details') }}
),

records as (
    select customer_id, person_id, record_no from {{ ref('int_core__customer_records') }}
),

persons as (
    select person_id, count(*) as records_count
    from records
    group by person_id
),

-- in the order in which records speak for the person; those without an address last where it is about that
placed as (
    select
        records.person_id,
        records.record_no,
        records.record_no + case when customers.address is null then persons.records_count else 0 end as address_no,
        {%- for field in fields %}
        customers.{{ field }}{{ ',' if not loop.last }}
        {%- endfor %}
    from customers
    inner join records on customers.customer_id = records.customer_id
    inner join persons on records.person_id = persons.person_id
)

select
    person_id as customer_id,
    {%- for field in fields %}
    {{ first_by(field, 'address_no' if field in address else 'case when ' ~ field ~ ' is not null then record_no end') }} as {{ field }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from placed
group by person_id
