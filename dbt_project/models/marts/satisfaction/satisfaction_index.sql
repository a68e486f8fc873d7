with answers as (
    select
        survey_id, customer_id, touch_point, store_id, region, response_month, dimension,
        {{ measure('100 * ' ~ divide('score - scale_min', 'scale_max - scale_min')) }} as level
    from {{ ref('fct_survey_answer') }}
    where
        dimension in ('overall', 'against_expectation', 'against_ideal')
        and respondent_type = 'customer' and side = 'score' and score is not null
        and scale_min < scale_max -- what no scale is known of has no level
),

respondents as (
    select
        survey_id, customer_id, touch_point, store_id, region, response_month,
        count(distinct dimension) as items_count,
        {{ divide("sum(case when dimension = 'overall' then level end)", "count(case when dimension = 'overall' then level end)") }} as overall,
        {{ divide("sum(case when dimension = 'against_expectation' then level end)", "count(case when dimension = 'against_expectation' then level end)") }} as against_expectation,
        {{ divide("sum(case when dimension = 'against_ideal' then level end)", "count(case when dimension = 'against_ideal' then level end)") }} as against_ideal
    from answers
    group by survey_id, customer_id, touch_point, store_id, region, response_month
)

select
    survey_id,
    customer_id,
    touch_point,
    store_id,
    region,
    response_month,
    {{ measure('overall') }} as overall,
    {{ measure('against_expectation') }} as against_expectation,
    {{ measure('against_ideal') }} as against_ideal,
    {{ measure('(overall + against_expectation + against_ideal) / 3') }} as satisfaction_index
from respondents
where items_count = 3
