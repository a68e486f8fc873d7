{%- set parts = profit_parts() + ['revenue', 'serving_cost', 'relationship_cost'] -%}
with profit_months as (
    select customer_id, month, {{ parts | join(', ') }}
    from {{ ref('int_customer__profit_months') }}
),

customers as (
    select customer_id, source_system, type, store_id, region, first_known_month, closed_at, has_orders_supplied
    from {{ ref('dim_customer') }}
),

last_month as (
    select max(month) as month from {{ ref('int_core__months') }}
),

grades as (
    select month, customer_id, grade, is_active from {{ ref('fct_customer_month') }}
),

-- what was delivered reaches back to here; who was known before then has no figures of that time
covered as (
    select min(month) as first_month
    from profit_months
    where net_sales <> 0 or serving_cost <> 0
),

-- parts whose cost nobody knows in some month: the life of those without a case in it would pass for everybody's
costed as (
    select
        {%- for part in parts %}
        count(*) = count({{ part }}) as {{ part }}{{ ',' if not loop.last }}
        {%- endfor %}
    from profit_months
),

totals as (
    select
        customer_id,
        {%- for part in parts %}
        {{ measure('sum(' ~ part ~ ')') }} as {{ part }}{{ ',' if not loop.last }}
        {%- endfor %}
    from profit_months
    group by customer_id
),

placed as (
    select
        last_month.month,
        customers.customer_id,
        customers.source_system,
        customers.type,
        customers.store_id,
        customers.region,
        grades.grade,
        coalesce(grades.is_active, false) as is_active,
        customers.has_orders_supplied,
        totals.net_sales = totals.sales_without_cost and totals.net_sales <> 0 as is_cost_unknown,
        {{ months_between_dates(
            'greatest(customers.first_known_month, coalesce(covered.first_month, customers.first_known_month))',
            'coalesce(' ~ local_month('customers.closed_at') ~ ', last_month.month)'
        ) }} + 1 as months_to_end,
        {%- for part in parts %}
        case when costed.{{ part }} then coalesce(totals.{{ part }}, {{ measure('0') }}) end as {{ part }}{{ ',' if not loop.last }}
        {%- endfor %}
    from customers
    cross join last_month
    cross join covered
    cross join costed
    left join totals on customers.customer_id = totals.customer_id
    left join grades on customers.customer_id = grades.customer_id and last_month.month = grades.month
),

-- without orders, or with sales whose cost nobody knows, a profit cannot be known
known as (
    select
        customer_id,
        {{ measure("case when has_orders_supplied and not coalesce(is_cost_unknown, false) then revenue - relationship_cost end") }}
            as profit,
        greatest(months_to_end, 1) as duration_months
    from placed
)

select
    placed.month,
    placed.customer_id,
    placed.source_system,
    placed.type,
    placed.store_id,
    placed.region,
    placed.grade,
    placed.is_active,
    known.duration_months,
    {%- for part in parts %}
    placed.{{ part }},
    {%- endfor %}
    known.profit,
    {{ measure(divide('known.profit', 'known.duration_months')) }} as profit_per_month,
    {{ measure('case when placed.revenue > 0 then ' ~ divide('known.profit', 'placed.revenue') ~ ' end') }} as margin_rate
from placed
inner join known on placed.customer_id = known.customer_id
