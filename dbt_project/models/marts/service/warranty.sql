with months as (
    select month from {{ ref('int_core__months') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
),

orders as (
    select
        order_id,
        status,
        ordered_at,
        delivered_at
    from {{ ref('stg_crm__orders') }} as orders
    where {{ sold_amount('orders') }} >= 0
),

order_lines as (
    select
        order_id,
        line_no,
        product_id,
        quantity
    from {{ ref('stg_crm__order_lines') }}
),

products as (
    select
        product_id,
        category,
        warranty_months
    from {{ ref('stg_crm__products') }}
    where warranty_months is not null
),

returns as (
    select
        order_id,
        line_no,
        returned_at,
        quantity,
        kind,
        under_warranty
    from {{ ref('stg_crm__returns') }}
),

-- a warranty begins with the delivery, or with the order where the source does not tell of deliveries
handed_over as (
    select
        order_id,
        coalesce(delivered_at, case when coalesce(status, 'delivered') = 'delivered' then ordered_at end) as started_at
    from orders
),

started as (
    select
        handed_over.order_id,
        {{ local_month('handed_over.started_at') }} as start_month,
        {{ local_date('handed_over.started_at') }} as start_date
    from handed_over
    inner join run on handed_over.started_at < run.as_of
),

sold as (
    select
        products.product_id,
        started.start_month,
        {{ measure('sum(order_lines.quantity)') }} as units
    from order_lines
    inner join products on order_lines.product_id = products.product_id
    inner join started on order_lines.order_id = started.order_id
    where order_lines.quantity > 0
    group by products.product_id, started.start_month
),

returned as (
    select
        products.product_id,
        started.start_month,
        {{ local_month('returns.returned_at') }} as month,
        returns.kind,
        coalesce(
            returns.under_warranty,
            {{ local_date('returns.returned_at') }} <= {{ add_months('started.start_date', 'products.warranty_months') }}
        ) as is_under_warranty,
        returns.quantity
    from returns
    inner join run on returns.returned_at < run.as_of
    inner join order_lines on returns.order_id = order_lines.order_id and returns.line_no = order_lines.line_no
    inner join products on order_lines.product_id = products.product_id
    -- what came back before it was handed over cannot be told from a mistake: it is in the warnings, and in no claim
    inner join started on returns.order_id = started.order_id and {{ local_month('returns.returned_at') }} >= started.start_month
),

given_back as (
    select
        product_id,
        start_month,
        month as return_month,
        {{ measure('sum(quantity)') }} as units
    from returned
    where kind = 'refund'
    group by product_id, start_month, month
),

-- units under warranty at any time of the month: from the month of delivery to that in which the warranty ends, those taken back
-- until the month of the return
counted as (
    select
        months.month,
        sold.product_id,
        sold.start_month,
        sold.units,
        {{ measure('0') }} as repairs,
        {{ measure('0') }} as replacements,
        {{ measure('0') }} as refunds
    from sold
    inner join products on sold.product_id = products.product_id
    inner join months
        on months.month >= sold.start_month and months.month <= {{ add_months('sold.start_month', 'products.warranty_months') }}
    union all
    select
        months.month,
        given_back.product_id,
        given_back.start_month,
        -given_back.units as units,
        {{ measure('0') }} as repairs,
        {{ measure('0') }} as replacements,
        {{ measure('0') }} as refunds
    from given_back
    inner join products on given_back.product_id = products.product_id
    inner join months
        on
            months.month > given_back.return_month
            and months.month <= {{ add_months('given_back.start_month', 'products.warranty_months') }}
    union all
    select
        returned.month,
        returned.product_id,
        returned.start_month,
        {{ measure('0') }} as units,
        {{ measure("case when returned.kind = 'repair' then returned.quantity else 0 end") }} as repairs,
        {{ measure("case when returned.kind = 'replace' then returned.quantity else 0 end") }} as replacements,
        {{ measure("case when returned.kind = 'refund' then returned.quantity else 0 end") }} as refunds
    from returned
    inner join months on returned.month = months.month
    where returned.is_under_warranty
),

aged as (
    select
        month,
        product_id,
        {{ months_between_dates('start_month', 'month') }} as age_months,
        units,
        repairs,
        replacements,
        refunds
    from counted
)

select
    aged.month,
    aged.product_id,
    products.category,
    aged.age_months,
    case
        when aged.age_months < 3 then 'under_3_months'
        when aged.age_months < 6 then '3_to_5_months'
        when aged.age_months < 12 then '6_to_11_months'
        when aged.age_months < 24 then '12_to_23_months'
        else 'from_24_months'
    end as age_band,
    -- more given back than was sold leaves none
    {{ measure('greatest(sum(aged.units), 0)') }} as units_under_warranty,
    {{ measure('sum(aged.repairs)') }} as repairs,
    {{ measure('sum(aged.replacements)') }} as replacements,
    {{ measure('sum(aged.refunds)') }} as refunds,
    {{ measure('sum(aged.repairs + aged.replacements + aged.refunds)') }} as claims
from aged
inner join products on aged.product_id = products.product_id
group by aged.month, aged.product_id, products.category, aged.age_months
