with facets as (
    select facet, facet_group, subject
    from {{ ref('satisfaction_facets') }}
),

answers as (
    select
        survey_id, dimension, product_level, customer_id, touch_point, store_id, region, response_month,
        {{ is_top_two('score', 'scale_min', 'scale_max') }} as is_positive
    from {{ ref('fct_survey_answer') }}
    where
        respondent_type = 'customer' and side in ('score', 'perception') and score is not null and scale_min < scale_max
        -- its service is a value set against the costs (delivered_value), not a satisfaction
        and instrument <> 'perceived_value'
),

parts as (
    select
        answers.survey_id, answers.customer_id, answers.touch_point, answers.store_id, answers.region, answers.response_month,
        facets.facet, facets.facet_group, facets.subject,
        {{ to_int('answers.is_positive') }} as is_positive
    from answers
    inner join facets on answers.dimension = facets.facet
),

-- a respondent is one case of each part, however many items ask about it
totals as (
    select
        survey_id, customer_id, touch_point, store_id, region, response_month, subject, facet_group, facet,
        grouping(facet_group) as is_whole,
        grouping(facet) as is_not_facet,
        count(is_positive) as items_count,
        {{ int_sum('is_positive') }} as positive_count
    from parts
    group by grouping sets ( -- noqa: PRS
        (survey_id, customer_id, touch_point, store_id, region, response_month, subject),
        (survey_id, customer_id, touch_point, store_id, region, response_month, subject, facet_group),
        (survey_id, customer_id, touch_point, store_id, region, response_month, subject, facet_group, facet)
    )
),

-- the level of the product that an item asks about, whichever facet it belongs to, or none
levels as (
    select
        survey_id, customer_id, touch_point, store_id, region, response_month,
        product_level,
        count(is_positive) as items_count,
        {{ int_sum(to_int('is_positive')) }} as positive_count
    from answers
    where product_level is not null
    group by survey_id, customer_id, touch_point, store_id, region, response_month, product_level
),

named as (
    select
        survey_id, customer_id, touch_point, store_id, region, response_month, subject,
        case when is_whole = 1 then 'subject' when is_not_facet = 1 then 'group' else 'facet' end as part_level,
        case when is_whole = 1 then subject when is_not_facet = 1 then facet_group else facet end as part,
        items_count,
        positive_count
    from totals
    union all
    select
        survey_id, customer_id, touch_point, store_id, region, response_month,
        'product' as subject,
        'level' as part_level,
        product_level as part,
        items_count,
        positive_count
    from levels
)

select
    survey_id,
    customer_id,
    touch_point,
    store_id,
    region,
    response_month,
    subject,
    part_level,
    part,
    items_count,
    positive_count,
    {{ measure(divide('positive_count', 'items_count')) }} as positive_share,
    positive_count = items_count as is_positive
from named
