with answers as (
    select
        survey_id, form as instrument, item_id, attribute, side, score, customer_id, store_id, region, response_month
    from {{ ref('fct_survey_answer') }}
    where side in ('functional', 'dysfunctional') and respondent_type = 'customer' and score is not null
),

evaluation as (
    select functional, dysfunctional, category
    from {{ ref('kano_evaluation') }}
),

pairs as (
    select
        survey_id, instrument, item_id, customer_id, store_id, region, response_month,
        coalesce(max(attribute), item_id) as attribute,
        cast(max(case when side = 'functional' then score end) as integer) as functional,
        cast(max(case when side = 'dysfunctional' then score end) as integer) as dysfunctional
    from answers
    group by survey_id, instrument, item_id, customer_id, store_id, region, response_month
)

select
    pairs.survey_id,
    pairs.instrument,
    pairs.item_id,
    pairs.attribute,
    pairs.customer_id,
    pairs.store_id,
    pairs.region,
    pairs.response_month,
    pairs.functional,
    pairs.dysfunctional,
    evaluation.category,
    case
        when evaluation.category in ('attractive', 'one_dimensional') then 1
        when evaluation.category in ('must_be', 'indifferent') then 0
    end as better,
    case
        when evaluation.category in ('one_dimensional', 'must_be') then -1
        when evaluation.category in ('attractive', 'indifferent') then 0
    end as worse
from pairs
inner join evaluation on pairs.functional = evaluation.functional and pairs.dysfunctional = evaluation.dysfunctional
