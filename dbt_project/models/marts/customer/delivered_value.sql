{%- set values = ['product', 'service', 'personnel', 'image'] -%}
{%- set costs = ['money', 'time', 'energy', 'psychic'] -%}
with answers as (
    select
        survey_id, source_system, customer_id, store_id, region, responded_at, response_month, dimension,
        1 + 6 * {{ divide('score - scale_min', 'scale_max - scale_min') }} as score_of_7
    from {{ ref('fct_survey_answer') }}
    where instrument = 'perceived_value' and respondent_type = 'customer' and side = 'score' and score is not null
),

grades as (
    select customer_id, month, grade from {{ ref('fct_customer_month') }}
),

-- a part asked by several items is their mean
parts as (
    select
        survey_id,
        source_system,
        customer_id,
        store_id,
        region,
        responded_at,
        response_month,
        {%- for part in values + costs %}
        {{ measure("avg(case when dimension = '" ~ part ~ "' then score_of_7 end)") }} as {{ part }}{{ ',' if not loop.last }}
        {%- endfor %}
    from answers
    group by survey_id, source_system, customer_id, store_id, region, responded_at, response_month
),

-- a sum with a part missing is no total
totals as (
    select
        survey_id,
        {{ measure(divide(values | join(' + '), values | length)) }} as total_value,
        {{ measure(divide(costs | join(' + '), costs | length)) }} as total_cost
    from parts
)

select
    parts.survey_id,
    parts.source_system,
    parts.customer_id,
    parts.store_id,
    parts.region,
    grades.grade,
    parts.responded_at,
    parts.response_month,
    {%- for part in values + costs %}
    parts.{{ part }},
    {%- endfor %}
    totals.total_value,
    totals.total_cost,
    {{ measure('totals.total_value - totals.total_cost') }} as delivered_value
from parts
inner join totals on parts.survey_id = totals.survey_id
left join grades on parts.customer_id = grades.customer_id and parts.response_month = grades.month
