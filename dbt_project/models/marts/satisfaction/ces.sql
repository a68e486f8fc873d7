with answers as (
    select
        survey_id, source_system, item_id, customer_id, touch_point, channel, store_id, region, responded_at, response_month,
        score, scale_min, scale_max
    from {{ ref('fct_survey_answer') }}
    where instrument = 'ces' and side = 'score' and respondent_type = 'customer' and score is not null
),

-- one answer per survey, should a CES survey come with a further item
efforts as (
    select
        survey_id, source_system, customer_id, touch_point, channel, store_id, region, responded_at, response_month,
        score, scale_min, scale_max,
        row_number() over (partition by survey_id order by item_id) as choice
    from answers
)

select
    survey_id,
    source_system,
    customer_id,
    touch_point,
    channel,
    store_id,
    region,
    responded_at,
    response_month,
    score,
    {{ measure('1 + 6 * ' ~ divide('score - scale_min', 'scale_max - scale_min')) }} as score_of_7,
    2 * score > scale_min + scale_max as is_easy
from efforts
where choice = 1
