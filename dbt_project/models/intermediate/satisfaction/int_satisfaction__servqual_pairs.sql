with answers as (
    select
        survey_id, instrument, form, item_id, side, dimension, response_month, score, scale_min, scale_max
    from {{ ref('fct_survey_answer') }}
    where side in ('expectation', 'perception') and respondent_type = 'customer'
),

items as (
    select item_id, servqual_dimension
    from {{ ref('servqual_items') }}
),

-- another instrument counts where its items are mapped to the five dimensions; its scale is stretched to 1-7
scaled as (
    select
        answers.survey_id,
        answers.instrument,
        answers.form,
        answers.item_id,
        answers.side,
        answers.response_month,
        coalesce(answers.dimension, items.servqual_dimension) as servqual_dimension,
        case
            when answers.scale_min <> 1 or answers.scale_max <> 7
                then {{ measure('1 + 6 * ' ~ divide('answers.score - answers.scale_min', 'answers.scale_max - answers.scale_min')) }}
            else answers.score
        end as score
    from answers
    left join items on answers.item_id = items.item_id and answers.instrument = 'servqual'
),

sides as (
    select
        survey_id,
        instrument,
        form,
        item_id,
        max(response_month) as response_month,
        max(servqual_dimension) as servqual_dimension,
        max(case when side = 'expectation' then score end) as expectation,
        max(case when side = 'perception' then score end) as perception
    from scaled
    group by survey_id, instrument, form, item_id
)

select
    survey_id,
    instrument,
    form,
    item_id,
    response_month,
    servqual_dimension,
    expectation,
    perception,
    {{ measure('perception - expectation') }} as gap
from sides
where
    expectation is not null and perception is not null
    and servqual_dimension in ('tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy')
