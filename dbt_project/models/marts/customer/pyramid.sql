with buyers as (
    select month, grade, revenue_rank, spend_in_window
    from {{ ref('fct_customer_month') }}
    where is_buyer
),

-- places from the largest revenue down and, among the non-negative ones, from the smallest up
placed as (
    select
        month,
        spend_in_window,
        row_number() over (partition by month order by spend_in_window desc) as place,
        sum(spend_in_window) over (
            partition by month order by spend_in_window desc rows between unbounded preceding and current row
        ) as spend_down_to,
        row_number() over (partition by month, spend_in_window < 0 order by spend_in_window) as place_up,
        count(*) over (partition by month) as customers,
        sum(spend_in_window) over (partition by month) as spend_total
    from buyers
),

months as (
    select
        month,
        customers as customers_in_base,
        {{ measure('spend_total') }} as revenue_total,
        count(case when spend_in_window < 0 then 1 end) as customers_negative,
        {{ measure(divide('min(case when spend_down_to >= 0.8 * spend_total then place end)', 'customers')) }}
            as share_of_customers_for_80_percent,
        {{ measure(gini('place_up', 'spend_in_window')) }} as gini
    from placed
    group by month, customers, spend_total
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
    {{ measure(divide('grades.customers', 'months.customers_in_base')) }} as customers_share,
    grades.revenue,
    {{ measure(divide('grades.revenue', 'months.revenue_total')) }} as revenue_share,
    grades.smallest_revenue,
    months.customers_in_base,
    months.revenue_total,
    months.share_of_customers_for_80_percent,
    months.gini,
    months.customers_negative
from grades
inner join months on grades.month = months.month
