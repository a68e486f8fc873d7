with months as (
    select month from {{ ref('int_core__months') }}
),

starts as (
    select
        product_id,
        category,
        quantity,
        start_month,
        end_month
    from {{ ref('int_service__warranty_starts') }}
),

returned as (
    select
        product_id,
        start_month,
        end_month,
        month,
        kind,
        is_under_warranty,
        quantity
    from {{ ref('int_service__warranty_returns') }}
),

products as (
    select
        product_id,
        max(category) as category
    from starts
    group by product_id
),

sold as (
    select
        product_id,
        start_month,
        end_month,
        {{ measure('sum(quantity)') }} as units
    from starts
    where quantity > 0
    group by product_id, start_month, end_month
),

given_back as (
    select
        product_id,
        start_month,
        end_month,
        month as return_month,
        {{ measure('sum(quantity)') }} as units
    from returned
    where kind = 'refund'
    group by product_id, start_month, end_month, month
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
    inner join months on months.month >= sold.start_month and months.month <= sold.end_month
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
    inner join months on months.month > given_back.return_month and months.month <= given_back.end_month
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
