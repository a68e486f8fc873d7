{%- set facets = ['cause', 'severity', 'behaviour', 'manner', 'purpose', 'phase'] -%}
{%- set no_text = 'cast(null as ' ~ text_type() ~ ')' -%}
with months as (
    select month from {{ ref('int_core__months') }}
),

tickets as (
    select
        created_month as month,
        region,
        store_id,
        {{ facets | join(',\n        ') }}
    from {{ ref('fct_ticket') }}
    where kind = 'complaint' and not is_deleted and not is_merged
),

orders as (
    select
        order_month as month,
        region,
        store_id
    from {{ ref('fct_order') }}
    where is_purchase
),

customer_months as (
    select
        month,
        region,
        store_id
    from {{ ref('fct_customer_month') }}
    where is_active
),

taxonomy as (
    select facet, code
    from {{ ref('complaint_taxonomy') }}
),

counted as (
    select
        month,
        region,
        store_id,
        1 as complaints,
        case when severity = 'serious' then 1 else 0 end as complaints_serious,
        0 as orders,
        0 as active_customers
    from tickets
    union all
    select
        month,
        region,
        store_id,
        0 as complaints,
        0 as complaints_serious,
        1 as orders,
        0 as active_customers
    from orders
    union all
    select
        month,
        region,
        store_id,
        0 as complaints,
        0 as complaints_serious,
        0 as orders,
        1 as active_customers
    from customer_months
),

cells as (
    select
        counted.month,
        counted.region,
        counted.store_id,
        {{ int_sum('counted.complaints') }} as complaints,
        {{ int_sum('counted.complaints_serious') }} as complaints_serious,
        {{ int_sum('counted.orders') }} as orders,
        {{ int_sum('counted.active_customers') }} as active_customers
    from counted
    inner join months on counted.month = months.month
    group by counted.month, counted.region, counted.store_id
),

parts as (
    {%- for facet in facets %}
    select
        month,
        region,
        store_id,
        '{{ facet }}' as facet,
        coalesce({{ facet }}, 'not_stated') as code,
        count(*) as complaints
    from tickets
    group by month, region, store_id, {{ facet }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- a facet that the company never states has no parts; of one it states, a code without complaints counts as none
stated as (
    select distinct facet
    from parts
    where code <> 'not_stated'
),

codes as (
    select parts.facet, parts.code
    from parts
    inner join stated on parts.facet = stated.facet
    union
    select taxonomy.facet, taxonomy.code
    from taxonomy
    inner join stated on taxonomy.facet = stated.facet
),

rates as (
    select
        month,
        region,
        store_id,
        'all' as facet,
        {{ no_text }} as code,
        complaints,
        complaints_serious,
        orders,
        active_customers
    from cells
    union all
    select
        cells.month,
        cells.region,
        cells.store_id,
        codes.facet,
        codes.code,
        coalesce(parts.complaints, 0) as complaints,
        cast(null as bigint) as complaints_serious,
        cells.orders,
        cells.active_customers
    from cells
    cross join codes
    left join parts
        on
            cells.month = parts.month
            and coalesce(cells.region, '') = coalesce(parts.region, '')
            and coalesce(cells.store_id, '') = coalesce(parts.store_id, '')
            and codes.facet = parts.facet
            and codes.code = parts.code
)

select
    month,
    region,
    store_id,
    facet,
    {%- for facet in facets %}
    case when facet = '{{ facet }}' then code end as {{ facet }},
    {%- endfor %}
    complaints,
    complaints_serious,
    orders,
    active_customers
from rates
