{{ config(materialized='view') }}
with surveys as (
    select
        survey_id, source_system, instrument, form, respondent_type, customer_id, touch_point, about_id, channel, store_id, region,
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
        source_system, instrument, item_id, dimension, quality, attribute, product_level, scale_min, scale_max, not_applicable_value, unit,
        standard_id, reverse
    from {{ ref('stg_crm__survey_items') }}
),

givers as (
    select
        source_system,
        giver
    from {{ ref('int_core__givers') }}
    where entity = 'survey_items'
),

-- what an item of a source's surveys means: its own source says it; of several that serve one without items, the first
items_of_source as (
    select
        givers.source_system,
        items.instrument,
        items.item_id,
        items.dimension,
        items.quality,
        items.attribute,
        items.product_level,
        items.scale_min,
        items.scale_max,
        items.not_applicable_value,
        items.unit,
        items.standard_id,
        items.reverse,
        row_number() over (
            partition by givers.source_system, items.instrument, items.item_id order by items.source_system
        ) as choice
    from givers
    inner join items on givers.giver = items.source_system
),

-- a scale for one source's surveys goes before one for all
instruments as (
    select instrument, source_system, scale_min, scale_max
    from {{ ref('survey_instruments') }}
),

scaled as (
    select
        surveys.survey_id,
        surveys.source_system,
        surveys.instrument,
        surveys.form,
        answers.item_id,
        answers.side,
        items.dimension,
        items.quality,
        items.attribute,
        items.product_level,
        items.standard_id,
        items.unit,
        coalesce(items.reverse, false) as is_reversed,
        case when answers.score = items.not_applicable_value then null else answers.score end as given_score,
        coalesce(items.scale_min, case when items.unit is null then coalesce(own_instruments.scale_min, instruments.scale_min) end) as scale_min,
        coalesce(items.scale_max, case when items.unit is null then coalesce(own_instruments.scale_max, instruments.scale_max) end) as scale_max,
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
    left join items_of_source as items
        on
            surveys.source_system = items.source_system
            and surveys.instrument = items.instrument
            and answers.item_id = items.item_id
            and items.choice = 1
    left join instruments as own_instruments
        on surveys.instrument = own_instruments.instrument and surveys.source_system = own_instruments.source_system
    left join instruments on surveys.instrument = instruments.instrument and instruments.source_system is null
)

select
    survey_id,
    source_system,
    instrument,
    form,
    item_id,
    side,
    dimension,
    quality,
    attribute,
    product_level,
    standard_id,
    unit,
    is_reversed,
    given_score,
    -- weights have a scale of their own; a score beyond its scale is no answer
    side <> 'importance' and coalesce(given_score < scale_min or given_score > scale_max, false) as is_beyond_scale,
    scale_min,
    scale_max,
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
