{{ config(materialized='view') }}
with lines as (
    select order_id, line_no, source_system, product_id, quantity, unit_price, discount_amount, amount, unit_cost
    from {{ ref('stg_crm__order_lines') }}
),

products as (
    select product_id, category, brand, unit_cost
    from {{ ref('stg_crm__products') }}
)

select
    lines.order_id,
    lines.line_no,
    lines.source_system,
    lines.product_id,
    products.category,
    products.brand,
    {{ measure('lines.quantity') }} as quantity,
    case
        when lines.unit_price is not null then {{ measure('lines.unit_price') }}
        else {{ measure(divide('lines.amount + coalesce(lines.discount_amount, 0)', 'lines.quantity')) }}
    end as unit_price,
    {{ measure('coalesce(lines.discount_amount, 0)') }} as discount_amount,
    {{ measure(line_amount('lines')) }} as amount,
    {{ measure(units('lines.quantity') ~ ' * coalesce(lines.unit_cost, products.unit_cost)') }} as product_cost
from lines
left join products on lines.product_id = products.product_id
