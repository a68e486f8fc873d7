with customers as (
    select * from {{ ref('stg_crm__customers') }}
)

select
    customer_id,
    name,
    tax_id,
    email,
    phone,
    address,
    city,
    postal_code,
    bank_account,
    birth_date,
    gender,
    interests,
    preferences,
    delivery_notes
from customers
