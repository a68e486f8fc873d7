with months as (
    select month from {{ ref('int_core__months') }}
),

tickets as (
    select
        created_month as month,
        region,
        store_id,
        severity,
        cause
    from {{ ref('fct_ticket') }}
    where kind = 'complaint' and not is_deleted and not is_merged
),

orders as (
    select
        order_month as month,
        region,
        store_id
    from {{ ref('fct_order') }}
    where is_valid
),

customer_months as (
    select
        month,
        region,
        store_id
    from {{ ref('fct_customer_month') }}
    where is_active
),

counted as (
    select
        month,
        region,
        store_id,
        severity,
        cause,
        count(*) as complaints,
        cast(0 as bigint) as orders,
        cast(0 as bigint) as active_customers
    from tickets
    group by month, region, store_id, severity, cause
    union all
    select
        month,
        region,
        store_id,
        cast(null as {{ text_type() }}) as severity,
        cast(null as {{ text_type() }}) as cause,
        cast(0 as bigint) as complaints,
        count(*) as orders,
        cast(0 as bigint) as active_customers
    from orders
    group by month, region, store_id
    union all
    select
        month,
        region,
        store_id,
        cast(null as {{ text_type() }}) as severity,
        cast(null as {{ text_type() }}) as cause,
        cast(0 as bigint) as complaints,
        cast(0 as bigint) as orders,
        count(*) as active_customers
    from customer_months
    group by month, region, store_id
)

select
    counted.month,
    counted.region,
    counted.store_id,
    {{ int_sum('counted.complaints') }} as complaints,
    {%- for cause in ["product_quality", "service", "price", "integrity"] %}
    {%- set of_cause = "case when counted.cause = '" ~ cause ~ "' then counted.complaints else 0 end" %}
    {{ int_sum(of_cause) }} as complaints_{{ cause }},
    {%- endfor %}
    {{ int_sum("case when counted.severity = 'serious' then counted.complaints else 0 end") }} as complaints_serious,
    {{ int_sum("case when counted.severity = 'general' then counted.complaints else 0 end") }} as complaints_general,
    {{ int_sum('counted.orders') }} as orders,
    {{ int_sum('counted.active_customers') }} as active_customers
from counted
inner join months on counted.month = months.month
group by counted.month, counted.region, counted.store_id
