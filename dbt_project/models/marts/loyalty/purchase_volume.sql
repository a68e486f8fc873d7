with customer_months as (
    select month, customer_id, store_id, region, grade
    from {{ ref('fct_customer_month') }}
    where is_active and orders_in_window is not null
),

lines as (
    select customer_id, order_month, category, quantity
    from {{ ref('fct_order_line') }}
    where is_purchase and customer_id is not null
),

months as (
    select month from {{ ref('int_core__months') }}
),

last_month as (
    select max(month) as month from months
),

-- as for purchases by category: only the months a report compares
compared_months as (
    select months.month
    from months
    inner join last_month
        on {{ is_compared_month('months.month', 'last_month.month') }}
),

bought as (
    select
        compared_months.month,
        lines.customer_id,
        {{ measure('sum(lines.quantity)') }} as units,
        count(distinct lines.category) as categories
    from compared_months
    inner join lines
        on {{ months_between_dates('lines.order_month', 'compared_months.month') }} between 0 and {{ var('window_months') - 1 }}
    group by compared_months.month, lines.customer_id
)

select
    customer_months.month,
    customer_months.customer_id,
    customer_months.store_id,
    customer_months.region,
    customer_months.grade,
    coalesce(bought.units, {{ measure('0') }}) as units,
    coalesce(bought.categories, 0) as categories
from customer_months
inner join compared_months on customer_months.month = compared_months.month
left join bought on customer_months.month = bought.month and customer_months.customer_id = bought.customer_id
