with customer_months as (
    select month, order_days_in_window, gap_variation
    from {{ ref('fct_customer_month') }}
    where is_buyer
),

lines as (
    select customer_id, order_date, order_month, category, brand
    from {{ ref('fct_order_line') }}
    where is_purchase and customer_id is not null
),

months as (
    select month from {{ ref('int_core__months') }}
),

last_month as (
    select max(month) as month from months
),

-- categories and brands only for the months a report compares: the last two with those before them and a year ago
compared_months as (
    select months.month
    from months
    inner join last_month
        on {{ is_compared_month('months.month', 'last_month.month') }}
),

company as (
    select
        month,
        'company' as dimension,
        'company' as dimension_value,
        count(*) as buyers,
        count(case when order_days_in_window >= 2 then 1 end) as repeat_buyers,
        {{ measure(median('gap_variation')) }} as median_gap_variation
    from customer_months
    group by month
),

bought as (
    {%- for dimension in ['category', 'brand'] %}
    select distinct '{{ dimension }}' as dimension, {{ dimension }} as dimension_value, customer_id, order_date, order_month
    from lines
    where {{ dimension }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

buyers as (
    select
        compared_months.month,
        bought.dimension,
        bought.dimension_value,
        bought.customer_id,
        count(*) as order_days
    from compared_months
    inner join bought
        on {{ months_between_dates('bought.order_month', 'compared_months.month') }} between 0 and {{ var('window_months') - 1 }}
    group by compared_months.month, bought.dimension, bought.dimension_value, bought.customer_id
),

by_product as (
    select
        month,
        dimension,
        dimension_value,
        count(*) as buyers,
        count(case when order_days >= 2 then 1 end) as repeat_buyers,
        cast(null as decimal(28, 8)) as median_gap_variation
    from buyers
    group by month, dimension, dimension_value
),

together as (
    select month, dimension, dimension_value, buyers, repeat_buyers, median_gap_variation from company
    union all
    select month, dimension, dimension_value, buyers, repeat_buyers, median_gap_variation from by_product
)

select
    month,
    dimension,
    dimension_value,
    case when dimension = 'category' then dimension_value end as category,
    case when dimension = 'brand' then dimension_value end as brand,
    buyers,
    repeat_buyers,
    {{ measure(divide('repeat_buyers', 'buyers')) }} as repurchase_rate,
    median_gap_variation
from together
