with answers as (
    select
        survey_id, source_system, instrument, form, item_id, side, dimension, quality, attribute, product_level, standard_id, unit,
        is_reversed, given_score, is_beyond_scale, scale_min, scale_max, respondent_type, customer_id, touch_point, about_id, channel,
        store_id, region, sent_at, responded_at, response_month
    from {{ ref('int_satisfaction__answers') }}
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
    {{ measure(
        'case when is_beyond_scale then null when is_reversed then scale_min + scale_max - given_score else given_score end'
    ) }} as score,
    is_beyond_scale,
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
from answers
