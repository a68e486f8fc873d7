{#- What the operations figures count is all there is, once: the rows a mart has against those its source has, and the stores'
   cases against the company's. Rows returned do not balance. -#}
with run as (
    select as_of from {{ source('control', 'run') }}
),

calls_in as (
    select count(*) as amount
    from {{ ref('stg_crm__interactions') }} as interactions
    inner join run on interactions.started_at < run.as_of
    where interactions.channel = 'phone' and interactions.direction = 'inbound'
),

calls_out as (
    select sum(
        {{ to_int('is_offered') }} + {{ to_int('is_short_abandon') }}
        + {{ to_int('not is_offered and not is_short_abandon and not is_answered and not is_abandoned') }}
    ) as amount
    from {{ ref('calls') }}
),

service_orders_in as (
    select count(*) as amount
    from {{ ref('stg_crm__service_orders') }} as service_orders
    inner join run on service_orders.requested_at < run.as_of
),

service_orders_out as (
    select count(*) as amount
    from {{ ref('service_category') }}
),

inspections_in as (
    select count(*) as amount
    from {{ ref('stg_crm__inspections') }} as inspections
    inner join run on inspections.inspected_at < run.as_of
),

inspections_out as (
    select count(*) as amount
    from {{ ref('inspection_items') }}
),

standard_cases_in as (
    select count(*) as amount
    from {{ ref('standard_cases') }}
    where is_on_time is not null
),

standard_cases_out as (
    select sum(cases) as amount
    from {{ ref('standard_scope_months') }}
    where scope_type = 'company' and limit_unit <> 'rate'
),

standard_cases_of_stores as (
    select sum(results.cases) + coalesce(max(storeless.cases), 0) as amount
    from {{ ref('standard_scope_months') }} as results
    cross join (
        select count(*) as cases
        from {{ ref('standard_cases') }}
        where is_on_time is not null and store_id is null
    ) as storeless
    where results.scope_type = 'store' and results.limit_unit <> 'rate'
),

-- units come under warranty in the month of their delivery and at no other age
warranty_in as (
    select sum(order_lines.quantity) as amount
    from {{ ref('stg_crm__order_lines') }} as order_lines
    inner join {{ ref('stg_crm__orders') }} as orders on order_lines.order_id = orders.order_id
    inner join {{ ref('stg_crm__products') }} as products
        on order_lines.product_id = products.product_id and products.warranty_months is not null
    cross join run
    inner join {{ ref('int_core__months') }} as months
        on {{ local_month("coalesce(orders.delivered_at, case when coalesce(orders.status, 'delivered') = 'delivered' then orders.ordered_at end)") }}
            = months.month
    where coalesce(orders.delivered_at, case when coalesce(orders.status, 'delivered') = 'delivered' then orders.ordered_at end) < run.as_of
        and {{ sold_amount('orders') }} >= 0
),

warranty_out as (
    select sum(units_under_warranty) as amount
    from {{ ref('warranty') }}
    where age_months = 0
),

improvement_in as (
    select count(*) as amount
    from {{ ref('stg_crm__improvement_actions') }} as actions
    inner join {{ ref('int_core__months') }} as months
        on actions.collected_at is null or actions.collected_at < months.month_end_at
),

improvement_out as (
    select count(*) as amount
    from {{ ref('improvement_loop') }}
),

balances as (
    {%- for identity, supplied, counted in [
        ('calls: offered + given up at once + still waiting', 'calls_in', 'calls_out'),
        ('service orders by category', 'service_orders_in', 'service_orders_out'),
        ('inspection items', 'inspections_in', 'inspections_out'),
        ('judged cases of standards', 'standard_cases_in', 'standard_cases_out'),
        ('judged cases of standards by store', 'standard_cases_out', 'standard_cases_of_stores'),
        ('units under warranty in the month of delivery', 'warranty_in', 'warranty_out'),
        ('improvement actions by state', 'improvement_in', 'improvement_out'),
    ] %}
    select
        '{{ identity }}' as identity,
        coalesce({{ supplied }}.amount, 0) as supplied,
        coalesce({{ counted }}.amount, 0) as counted
    from {{ supplied }}
    cross join {{ counted }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    identity,
    supplied,
    counted
from balances
where supplied <> counted
