{%- set amounts = profit_parts() + ['revenue', 'serving_cost', 'relationship_cost'] -%}
with customer_months as (
    select month, customer_id, store_id, region, grade, is_active from {{ ref('fct_customer_month') }}
),

profit_months as (
    select month, customer_id, {{ amounts | join(', ') }} from {{ ref('int_customer__profit_months') }}
),

-- a part is known of all customers of a month or of none
costed as (
    select
        month,
        {%- for amount in amounts %}
        count(*) = count({{ amount }}) as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from profit_months
    group by month
),

counts as (
    select
        month,
        store_id,
        region,
        grade,
        count(*) as customers,
        count(case when is_active then 1 end) as active_customers,
        {%- for amount in amounts %}
        {{ measure('0') }} as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from customer_months
    group by month, store_id, region, grade
),

-- a few customers have something in a month: their home and grade are those at its end
sums as (
    select
        customer_months.month,
        customer_months.store_id,
        customer_months.region,
        customer_months.grade,
        0 as customers,
        0 as active_customers,
        {%- for amount in amounts %}
        {{ measure('sum(profit_months.' ~ amount ~ ')') }} as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from profit_months
    inner join customer_months
        on profit_months.customer_id = customer_months.customer_id
        and profit_months.month = customer_months.month
    group by customer_months.month, customer_months.store_id, customer_months.region, customer_months.grade
),

both_sides as (
    {%- for side in ['counts', 'sums'] %}
    select
        month,
        store_id,
        region,
        grade,
        customers,
        active_customers,
        {{ amounts | join(',\n        ') }}
    from {{ side }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        month,
        store_id,
        region,
        grade,
        {{ int_sum('customers') }} as customers,
        {{ int_sum('active_customers') }} as active_customers,
        {%- for amount in amounts %}
        {{ measure('sum(' ~ amount ~ ')') }} as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from both_sides
    group by month, store_id, region, grade
)

select
    summed.month,
    summed.store_id,
    summed.region,
    summed.grade,
    summed.customers,
    summed.active_customers,
    {%- for amount in amounts %}
    case when coalesce(costed.{{ amount }}, true) then summed.{{ amount }} end as {{ amount }},
    {%- endfor %}
    case
        when coalesce(costed.relationship_cost, true) then {{ measure('summed.revenue - summed.relationship_cost') }}
    end as profit
from summed
left join costed on summed.month = costed.month
