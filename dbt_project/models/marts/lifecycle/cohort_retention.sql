with customers as (
    select customer_id, acquired_month
    from {{ ref('dim_customer') }}
    where has_orders_supplied and acquired_month is not null
),

activity as (
    select customer_id, month
    from {{ ref('int_customer__activity_months') }}
    where orders_count > 0
),

months as (
    select month, is_complete from {{ ref('int_core__months') }}
),

cohorts as (
    select
        acquired_month as cohort_month,
        count(*) as customers
    from customers
    group by acquired_month
),

buyers as (
    select
        customers.acquired_month as cohort_month,
        activity.month,
        count(*) as buyers
    from activity
    inner join customers on activity.customer_id = customers.customer_id
    group by customers.acquired_month, activity.month
),

spine as (
    select
        cohorts.cohort_month,
        cohorts.customers,
        months.month,
        months.is_complete
    from cohorts
    inner join months as cohort_months on cohorts.cohort_month = cohort_months.month
    inner join months on cohorts.cohort_month <= months.month
)

select
    spine.cohort_month,
    {{ months_between_dates('spine.cohort_month', 'spine.month') }} as month_number,
    spine.month,
    spine.is_complete,
    spine.customers,
    coalesce(buyers.buyers, 0) as buyers,
    {{ measure(divide('coalesce(buyers.buyers, 0)', 'spine.customers')) }} as retention_rate
from spine
left join buyers on spine.cohort_month = buyers.cohort_month and spine.month = buyers.month
