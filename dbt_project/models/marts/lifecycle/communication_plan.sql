with customer_months as (
    select month, customer_id, store_id, region, grade
    from {{ ref('fct_customer_month') }}
    where is_active and grade is not null
),

contacts as (
    select customer_id, contact_month, channel
    from {{ ref('int_lifecycle__contacts') }}
    where is_reached
),

cadences as (
    select grade, channel, every_days, valid_from, valid_to from {{ ref('contact_cadence') }}
),

months as (
    select month, month_end_date from {{ ref('int_core__months') }}
),

customers as (
    select month, store_id, region, grade, count(*) as customers
    from customer_months
    group by month, store_id, region, grade
),

planned as (
    select
        customers.month,
        customers.store_id,
        customers.region,
        customers.grade,
        cadences.channel,
        customers.customers,
        {{ measure(divide('customers.customers * ' ~ days_between('customers.month', add_months('customers.month', 1)), 'cadences.every_days')) }}
            as contacts_planned,
        0 as contacts_made
    from customers
    inner join months on customers.month = months.month
    inner join cadences on customers.grade = cadences.grade and {{ in_force('cadences', 'months.month_end_date') }}
),

made as (
    select
        customer_months.month,
        customer_months.store_id,
        customer_months.region,
        customer_months.grade,
        contacts.channel,
        count(*) as contacts_made
    from contacts
    inner join customer_months
        on contacts.customer_id = customer_months.customer_id and contacts.contact_month = customer_months.month
    where contacts.channel is not null
    group by customer_months.month, customer_months.store_id, customer_months.region, customer_months.grade, contacts.channel
),

together as (
    select month, store_id, region, grade, channel, customers, contacts_planned, contacts_made from planned
    union all
    select month, store_id, region, grade, channel, 0 as customers, {{ measure('0') }} as contacts_planned, contacts_made from made
)

select
    month,
    store_id,
    region,
    grade,
    channel,
    {{ int_sum('customers') }} as customers,
    {{ measure('sum(contacts_planned)') }} as contacts_planned,
    {{ int_sum('contacts_made') }} as contacts_made,
    sum(contacts_planned) > 0 as is_planned
from together
group by month, store_id, region, grade, channel
