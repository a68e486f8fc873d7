with answers as (
    select survey_id, dimension, score
    from {{ ref('fct_survey_answer') }}
    where
        side = 'importance' and respondent_type = 'customer'
        and dimension in ('tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy')
),

dimensions as (
    select servqual_dimension, weight, valid_from, valid_to
    from {{ ref('servqual_weights') }}
),

surveys as (
    select distinct survey_id, {{ local_date("responded_at") }} as response_date
    from {{ ref('fct_survey_answer') }}
    where
        respondent_type = 'customer' and side in ('expectation', 'perception', 'importance')
        and (instrument = 'servqual' or dimension in ('tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy'))
),

shares as (
    select
        survey_id,
        dimension,
        score,
        sum(score) over (partition by survey_id) as total,
        count(score) over (partition by survey_id) as answered
    from answers
)

-- a respondent's own shares where all five were given; points that do not add up to 100 are scaled to it
select
    surveys.survey_id,
    dimensions.servqual_dimension,
    shares.survey_id is not null as is_own,
    {{ measure('coalesce(' ~ divide('100 * shares.score', 'shares.total') ~ ', dimensions.weight)') }} as weight
from surveys
inner join dimensions
    on
        surveys.response_date >= dimensions.valid_from
        and surveys.response_date <= coalesce(dimensions.valid_to, surveys.response_date)
left join shares
    on
        surveys.survey_id = shares.survey_id
        and dimensions.servqual_dimension = shares.dimension
        and shares.answered = 5
        and shares.total > 0
