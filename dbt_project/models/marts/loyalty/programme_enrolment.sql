with customer_months as (
    select month, customer_id, store_id, region, is_active, is_buyer from {{ ref('fct_customer_month') }}
),

memberships as (
    select customer_id, joined_month, is_left, left_month
    from {{ ref('int_loyalty__memberships') }}
),

-- a person may have left with one membership and hold another
members as (
    select distinct
        customer_months.month,
        customer_months.customer_id
    from customer_months
    inner join memberships
        on
            customer_months.customer_id = memberships.customer_id
            and customer_months.month >= memberships.joined_month
            and (not memberships.is_left or customer_months.month < memberships.left_month)
),

placed as (
    select
        customer_months.month,
        customer_months.store_id,
        customer_months.region,
        customer_months.is_active,
        customer_months.is_buyer,
        members.customer_id is not null as is_member
    from customer_months
    left join members on customer_months.customer_id = members.customer_id and customer_months.month = members.month
)

select
    month,
    store_id,
    region,
    count(case when is_active then 1 end) as eligible,
    count(case when is_active and is_member then 1 end) as enrolled,
    count(case when is_member then 1 end) as members,
    count(case when is_member and is_buyer then 1 end) as active_members
from placed
group by month, store_id, region
