with customer_months as (
    select month, customer_id, store_id, region, is_active, is_buyer from {{ ref('fct_customer_month') }}
),

members as (
    select
        customer_id,
        min({{ local_month('joined_at') }}) as joined_month,
        max(case when status = 'left' then {{ local_month('updated_at') }} else {{ local_month(end_of_time()) }} end) as left_month
    from {{ ref('stg_crm__loyalty_members') }}
    group by customer_id
),

placed as (
    select
        customer_months.month,
        customer_months.store_id,
        customer_months.region,
        customer_months.is_active,
        customer_months.is_buyer,
        coalesce(
            members.joined_month <= customer_months.month and members.left_month > customer_months.month, false
        ) as is_member
    from customer_months
    left join members on customer_months.customer_id = members.customer_id
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
