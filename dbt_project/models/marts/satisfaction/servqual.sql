-- the product by way of doubles: the engines keep different scales of a product of decimals
with dimensions as (
    select
        survey_id,
        customer_id,
        store_id,
        region,
        response_month,
        pairs_count,
        gap,
        weight,
        {{ measure('cast(weight as double) * cast(gap as double)') }} as weighted_gap
    from {{ ref('servqual_dimension') }}
)

select
    survey_id,
    customer_id,
    store_id,
    region,
    response_month,
    {{ int_sum('pairs_count') }} as pairs_count,
    count(*) as dimensions_count,
    {{ measure('case when count(*) = 5 then ' ~ divide('sum(gap)', '5') ~ ' end') }} as unweighted_gap,
    {{ measure('case when count(*) = 5 then ' ~ divide('sum(weighted_gap)', 'sum(weight)') ~ ' end') }} as weighted_gap
from dimensions
group by survey_id, customer_id, store_id, region, response_month
