with customer_months as (
    select month, customer_id, source_system, type, store_id, region, grade, days_since_last, spend_in_window
    from {{ ref('fct_customer_month') }}
    where m_score = 5 and stage = 'at_risk'
),

contacts as (
    select customer_id, contact_month, contacted_at
    from {{ ref('int_lifecycle__contacts') }}
    where contact_type = 'interaction' and is_reached
),

months as (
    select month, is_complete from {{ ref('int_core__months') }}
),

first_contacts as (
    select
        customer_id,
        contact_month,
        min(contacted_at) as contacted_at
    from contacts
    group by customer_id, contact_month
)

select
    customer_months.month,
    {{ add_months('customer_months.month', 1) }} as judged_month,
    coalesce(following.is_complete, false) as judged_month_is_over,
    customer_months.customer_id,
    customer_months.source_system,
    customer_months.type,
    customer_months.store_id,
    customer_months.region,
    customer_months.grade,
    customer_months.days_since_last,
    customer_months.spend_in_window,
    first_contacts.contacted_at,
    -- until the month after the list is over, a customer without a contact may still have one
    case
        when first_contacts.contacted_at is not null then true
        when following.is_complete then false
    end as is_contacted
from customer_months
left join first_contacts
    on customer_months.customer_id = first_contacts.customer_id
    and {{ add_months('customer_months.month', 1) }} = first_contacts.contact_month
left join months as following on {{ add_months('customer_months.month', 1) }} = following.month
