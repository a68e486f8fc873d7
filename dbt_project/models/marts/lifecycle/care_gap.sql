with customer_months as (
    select month, customer_id, store_id, region, grade
    from {{ ref('fct_customer_month') }}
    where is_active and grade is not null
),

contacts as (
    select customer_id, contact_date, contact_month
    from {{ ref('int_lifecycle__contacts') }}
    where is_reached
),

cadences as (
    select grade, every_days, valid_from, valid_to from {{ ref('contact_cadence') }}
),

customers as (
    select customer_id, first_known_at from {{ ref('dim_customer') }}
),

months as (
    select month, month_end_date from {{ ref('int_core__months') }}
),

-- contacts are reported from here on: who had none in a shorter time than the cadence may have had one before it
reported as (
    select min(from_month) as from_date
    from {{ ref('rpt_histories') }}
    where entity in ('interactions', 'campaign_contacts') and scope_type = 'company'
),

limits as (
    select
        months.month,
        months.month_end_date,
        cadences.grade,
        min(cadences.every_days) as cadence_days
    from months
    inner join cadences on {{ in_force('cadences', 'months.month_end_date') }}
    cross join reported
    group by months.month, months.month_end_date, reported.from_date, cadences.grade
    having {{ days_between('reported.from_date', 'months.month_end_date') }} >= min(cadences.every_days)
),

due as (
    select
        customer_months.month,
        customer_months.customer_id,
        customer_months.store_id,
        customer_months.region,
        customer_months.grade,
        limits.month_end_date,
        limits.cadence_days
    from customer_months
    inner join limits on customer_months.month = limits.month and customer_months.grade = limits.grade
),

-- contacts of a month stand before its end
moments as (
    select customer_id, contact_month as month, 0 as turn, max(contact_date) as contact_date
    from contacts
    group by customer_id, contact_month
    union all
    select customer_id, month, 1 as turn, cast(null as date) as contact_date
    from due
),

last_contacts as (
    select
        customer_id,
        month,
        turn,
        max(contact_date) over (
            partition by customer_id order by month, turn rows between unbounded preceding and current row
        ) as last_contact_date
    from moments
)

select
    due.month,
    due.customer_id,
    due.store_id,
    due.region,
    due.grade,
    due.cadence_days,
    last_contacts.last_contact_date,
    {{ days_between('last_contacts.last_contact_date', 'due.month_end_date') }} as days_since_contact,
    {{ days_between('coalesce(last_contacts.last_contact_date, ' ~ local_date('customers.first_known_at') ~ ')', 'due.month_end_date') }}
        > due.cadence_days as is_gap
from due
inner join customers on due.customer_id = customers.customer_id
left join last_contacts
    on due.customer_id = last_contacts.customer_id and due.month = last_contacts.month and last_contacts.turn = 1
