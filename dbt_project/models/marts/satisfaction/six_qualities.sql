with answers as (
    select
        survey_id, instrument, item_id, side, quality, customer_id, touch_point, store_id, region, response_month,
        {{ measure('100 * ' ~ divide('score - scale_min', 'scale_max - scale_min')) }} as level
    from {{ ref('fct_survey_answer') }}
    where respondent_type = 'customer' and side in ('score', 'perception', 'expectation') and score is not null
),

servqual_items as (
    select item_id, quality
    from {{ ref('servqual_items') }}
),

items as (
    select
        answers.survey_id, answers.item_id, answers.customer_id, answers.touch_point, answers.store_id, answers.region,
        answers.response_month,
        coalesce(answers.quality, servqual_items.quality) as quality,
        max(case when answers.side <> 'expectation' then answers.level end) as level,
        max(case when answers.side = 'expectation' then answers.level end) as expected_level
    from answers
    left join servqual_items on answers.item_id = servqual_items.item_id and answers.instrument = 'servqual'
    where coalesce(answers.quality, servqual_items.quality) is not null
    group by
        answers.survey_id, answers.item_id, answers.customer_id, answers.touch_point, answers.store_id, answers.region,
        answers.response_month, coalesce(answers.quality, servqual_items.quality)
)

select
    survey_id,
    quality,
    customer_id,
    touch_point,
    store_id,
    region,
    response_month,
    count(level) as items_count,
    count(level - expected_level) as pairs_count,
    {{ measure(divide('sum(level)', 'count(level)')) }} as level,
    {{ measure(divide('sum(level - expected_level)', 'count(level - expected_level)')) }} as gap
from items
where level is not null
group by survey_id, quality, customer_id, touch_point, store_id, region, response_month
