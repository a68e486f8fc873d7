{%- set rolling = [
    ('word_of_mouth', 'word_of_mouth', 'acquired_month', 'is_referred', 'is_referred is not null'),
    ('price_tolerance', 'price_tolerance', 'order_month', 'is_undiscounted', 'is_undiscounted is not null'),
    ('error_tolerance', 'error_tolerance', 'judged_month', 'is_bought_again', 'is_bought_again is not null'),
    ('competitor_immunity', 'competitor_immunity', 'response_month', 'is_yes', "question = 'competitor_immunity'"),
] -%}
with customer_months as (
    select month, is_buyer, is_active, orders_in_window, order_days_in_window from {{ ref('fct_customer_month') }}
),

purchases as (
    select month, categories from {{ ref('purchase_volume') }}
),

scales as (
    select part, floor_value, ceiling_value, sort_order from {{ ref('loyalty_index_parts') }}
),

months as (
    select month from {{ ref('int_core__months') }}
),

-- a part of which nobody sends what it stands on is not in the mean
supplied_parts as (
    select distinct metric_id as part
    from {{ ref('int_core__metric_sources') }}
    where is_supplied
),

last_month as (
    select max(month) as month from months
),

-- the months of which cross-use is known, so that every month's index is made of the same parts
compared_months as (
    select months.month
    from months
    inner join last_month
        on {{ is_compared_month('months.month', 'last_month.month') }}
),

{%- for part, model, month, value, condition in rolling %}

{{ part }} as (
    select
        compared_months.month,
        '{{ part }}' as part,
        {{ int_sum('counted.positive') }} as numerator,
        {{ int_sum('counted.n') }} as denominator
    from compared_months
    inner join (
        select {{ month }} as month, count(*) as n, count(case when {{ value }} then 1 end) as positive
        from {{ ref(model) }}
        where {{ month }} is not null and {{ condition }}
        group by {{ month }}
    ) as counted
        on {{ months_between_dates('counted.month', 'compared_months.month') }} between 0 and {{ var('window_months') - 1 }}
    group by compared_months.month
),
{%- endfor %}

bought as (
    select
        customer_months.month,
        count(case when customer_months.is_buyer and customer_months.order_days_in_window >= 2 then 1 end) as repeat_buyers,
        count(case when customer_months.is_buyer then 1 end) as buyers,
        {{ int_sum('case when customer_months.is_active then customer_months.orders_in_window end') }} as active_orders,
        count(case when customer_months.is_active then customer_months.orders_in_window end) as active_customers
    from customer_months
    inner join compared_months on customer_months.month = compared_months.month
    group by customer_months.month
),

crossed as (
    select month, count(case when categories >= 2 then 1 end) as numerator, count(*) as denominator
    from purchases
    group by month
),

parts as (
    select month, 'repurchase_rate' as part, repeat_buyers as numerator, buyers as denominator from bought
    union all
    select month, 'purchase_frequency' as part, active_orders as numerator, active_customers as denominator from bought
    union all
    select month, 'cross_use' as part, numerator, denominator from crossed
    {%- for part, model, month, value, condition in rolling %}
    union all
    select month, part, numerator, denominator from {{ part }}
    {%- endfor %}
),

scaled as (
    select
        parts.month,
        parts.part,
        scales.sort_order,
        parts.denominator as n,
        {{ divide('parts.numerator', 'parts.denominator') }} as value,
        scales.floor_value,
        scales.ceiling_value,
        least(greatest({{ divide(
            divide('parts.numerator', 'parts.denominator') ~ ' - scales.floor_value', 'scales.ceiling_value - scales.floor_value'
        ) }}, 0), 1) as scaled_value
    from parts
    inner join scales on parts.part = scales.part
    inner join supplied_parts on parts.part = supplied_parts.part
    where parts.denominator > 0
)

select
    month,
    part,
    sort_order,
    n,
    {{ measure('value') }} as value,
    floor_value,
    ceiling_value,
    {{ measure('scaled_value') }} as scaled_value,
    count(*) over (partition by month) as parts_count,
    {{ measure('avg(scaled_value) over (partition by month)') }} as loyalty_index
from scaled
