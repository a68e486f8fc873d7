with surveys as (
    select
        survey_id, source_system, instrument, respondent_type, customer_id, touch_point, about_id, channel, store_id, region,
        sent_at, responded_at, response_month
    from {{ ref('int_satisfaction__surveys') }}
    where is_response
),

answers as (
    select survey_id, item_id, side, score
    from {{ ref('stg_crm__survey_answers') }}
),

items as (
    select
        instrument, item_id, dimension, quality, attribute, scale_min, scale_max, not_applicable_value, unit, standard_id, reverse
    from {{ ref('stg_crm__survey_items') }}
),

-- one scale per instrument, whatever source sent the survey
instruments as (
    select instrument, scale_min, scale_max
    from {{ ref('survey_instruments') }}
),

scaled as (
    select
        surveys.survey_id,
        surveys.source_system,
        surveys.instrument,
        answers.item_id,
        answers.side,
        items.dimension,
        items.quality,
        items.attribute,
        items.standard_id,
        items.unit,
        coalesce(items.reverse, false) as is_reversed,
        case when answers.score = items.not_applicable_value then null else answers.score end as given_score,
        coalesce(items.scale_min, instruments.scale_min) as scale_min,
        coalesce(items.scale_max, instruments.scale_max) as scale_max,
        surveys.respondent_type,
        surveys.customer_id,
        surveys.touch_point,
        surveys.about_id,
        surveys.channel,
        surveys.store_id,
        surveys.region,
        surveys.sent_at,
        surveys.responded_at,
        surveys.response_month
    from answers
    inner join surveys on answers.survey_id = surveys.survey_id
    left join items on surveys.instrument = items.instrument and answers.item_id = items.item_id
    left join instruments on surveys.instrument = instruments.instrument
)

select
    survey_id,
    source_system,
    instrument,
    item_id,
    side,
    dimension,
    quality,
    attribute,
    standard_id,
    unit,
    {{ measure('case when is_reversed then scale_min + scale_max - given_score else given_score end') }} as score,
    {{ measure('scale_min') }} as scale_min,
    {{ measure('scale_max') }} as scale_max,
    respondent_type,
    customer_id,
    touch_point,
    about_id,
    channel,
    store_id,
    region,
    sent_at,
    responded_at,
    response_month
from scaled
