with run as (
    select as_of_date from {{ source('control', 'run') }}
),

answers as (
    select
        customer_id,
        response_month,
        max({{ local_date('responded_at') }}) as last_answer_date,
        {{ last_by('store_id', 'survey_id') }} as store_id,
        {{ last_by('region', 'survey_id') }} as region
    from {{ ref('csat') }}
    where customer_id is not null and score is not null
    group by customer_id, response_month
),

low_scores as (
    select
        customer_id,
        failed_month,
        max(case when resolution_class = 'silent' then 0 else 1 end) = 1 as has_complained
    from {{ ref('int_service__failures') }}
    where kind = 'low_csat'
    group by customer_id, failed_month
),

reported as (
    select
        answers.customer_id,
        answers.response_month,
        answers.store_id,
        answers.region,
        {{ add_days('answers.last_answer_date', var('silent_days')) }} as ripe_date,
        low_scores.customer_id is not null as is_dissatisfied,
        low_scores.has_complained
    from answers
    left join low_scores
        on answers.customer_id = low_scores.customer_id and answers.response_month = low_scores.failed_month
)

select
    reported.customer_id,
    reported.response_month,
    reported.store_id,
    reported.region,
    reported.is_dissatisfied,
    {{ month_of('reported.ripe_date') }} as ripe_month,
    case when reported.ripe_date <= run.as_of_date then reported.has_complained end as has_complained
from reported
cross join run
