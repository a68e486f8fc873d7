with buyers as (
    select month, grade, spend_in_window
    from {{ ref('fct_customer_month') }}
    where is_buyer
),

months as (
    select month, customers, revenue, share_of_customers_for_80_percent, gini, customers_negative
    from {{ ref('pyramid_concentration') }}
),

grades as (
    select
        month,
        grade,
        count(*) as customers,
        {{ measure('sum(spend_in_window)') }} as revenue,
        min(spend_in_window) as smallest_revenue
    from buyers
    group by month, grade
)

select
    grades.month,
    grades.grade,
    grades.customers,
    {{ measure(divide('grades.customers', 'months.customers')) }} as customers_share,
    grades.revenue,
    {{ measure(divide('grades.revenue', 'months.revenue')) }} as revenue_share,
    grades.smallest_revenue,
    months.customers as customers_in_base,
    months.revenue as revenue_total,
    months.share_of_customers_for_80_percent,
    months.gini,
    months.customers_negative
from grades
inner join months on grades.month = months.month
