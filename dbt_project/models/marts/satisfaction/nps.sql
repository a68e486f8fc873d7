with answers as (
    select
        survey_id, source_system, item_id, customer_id, touch_point, channel, store_id, region, responded_at, response_month, score
    from {{ ref('fct_survey_answer') }}
    where instrument = 'nps' and side = 'score' and respondent_type = 'customer' and score is not null
),

-- one answer per survey, should an NPS survey come with a further item
recommendations as (
    select
        survey_id, source_system, customer_id, touch_point, channel, store_id, region, responded_at, response_month, score,
        row_number() over (partition by survey_id order by item_id) as choice
    from answers
),

grades as (
    select customer_id, month, grade
    from {{ ref('fct_customer_month') }}
)

select
    recommendations.survey_id,
    recommendations.source_system,
    recommendations.customer_id,
    recommendations.touch_point,
    recommendations.channel,
    recommendations.store_id,
    recommendations.region,
    grades.grade,
    recommendations.responded_at,
    recommendations.response_month,
    recommendations.score,
    case {{ nps_vote('recommendations.score') }} when 1 then 'promoter' when -1 then 'detractor' else 'passive' end as attitude
from recommendations
left join grades
    on
        recommendations.customer_id = grades.customer_id
        and recommendations.response_month = grades.month
where recommendations.choice = 1
