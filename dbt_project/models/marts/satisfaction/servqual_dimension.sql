with pairs as (
    select survey_id, item_id, servqual_dimension, expectation, perception, gap
    from {{ ref('int_satisfaction__servqual_pairs') }}
),

weights as (
    select survey_id, servqual_dimension, weight
    from {{ ref('int_satisfaction__servqual_weights') }}
),

surveys as (
    select survey_id, customer_id, store_id, region, response_month
    from {{ ref('int_satisfaction__surveys') }}
),

means as (
    select
        survey_id,
        servqual_dimension,
        count(*) as pairs_count,
        {{ divide('sum(expectation)', 'count(*)') }} as expectation,
        {{ divide('sum(perception)', 'count(*)') }} as perception,
        {{ divide('sum(gap)', 'count(*)') }} as gap
    from pairs
    group by survey_id, servqual_dimension
)

select
    means.survey_id,
    means.servqual_dimension,
    surveys.customer_id,
    surveys.store_id,
    surveys.region,
    surveys.response_month,
    means.pairs_count,
    {{ measure('means.expectation') }} as expectation,
    {{ measure('means.perception') }} as perception,
    {{ measure('means.gap') }} as gap,
    weights.weight
from means
inner join surveys on means.survey_id = surveys.survey_id
left join weights
    on
        means.survey_id = weights.survey_id
        and means.servqual_dimension = weights.servqual_dimension
