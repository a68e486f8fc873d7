with answers as (
    select
        survey_id, source_system, instrument, item_id, dimension, customer_id, store_id, region, responded_at, response_month,
        score, scale_min, scale_max
    from {{ ref('fct_survey_answer') }}
    where
        dimension in ('competitor_immunity', 'programme_awareness')
        and side = 'score'
        and respondent_type = 'customer'
        and score is not null
        and scale_min < scale_max -- a score without its scale says neither yes nor no
)

select
    survey_id,
    source_system,
    instrument,
    item_id,
    dimension as question,
    customer_id,
    store_id,
    region,
    responded_at,
    response_month,
    score,
    {{ is_top_two('score', 'scale_min', 'scale_max') }} as is_yes
from answers
