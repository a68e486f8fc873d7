with answers as (
    select
        survey_id, item_id, side, dimension, score
    from {{ ref('fct_survey_answer') }}
    where instrument = 'servqual' and side in ('expectation', 'perception') and respondent_type = 'customer'
),

items as (
    select item_id, servqual_dimension
    from {{ ref('servqual_items') }}
),

sides as (
    select
        answers.survey_id,
        answers.item_id,
        max(coalesce(answers.dimension, items.servqual_dimension)) as servqual_dimension,
        max(case when answers.side = 'expectation' then answers.score end) as expectation,
        max(case when answers.side = 'perception' then answers.score end) as perception
    from answers
    left join items on answers.item_id = items.item_id
    group by answers.survey_id, answers.item_id
)

select
    survey_id,
    item_id,
    servqual_dimension,
    expectation,
    perception,
    {{ measure('perception - expectation') }} as gap
from sides
where expectation is not null and perception is not null and servqual_dimension is not null
