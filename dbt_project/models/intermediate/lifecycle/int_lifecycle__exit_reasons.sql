{{ config(materialized='view') }}
with surveys as (
    select survey_id, customer_id, responded_at
    from {{ ref('int_satisfaction__surveys') }}
    where instrument = 'exit' and is_response and customer_id is not null
),

answers as (
    select survey_id, text
    from {{ ref('stg_crm__survey_answers') }}
    where item_id = 'reason' and text is not null
),

ranked as (
    select
        surveys.customer_id,
        surveys.responded_at,
        answers.text,
        row_number() over (partition by surveys.customer_id order by surveys.responded_at desc, surveys.survey_id desc) as recency
    from surveys
    inner join answers on surveys.survey_id = answers.survey_id
)

select
    customer_id,
    responded_at,
    text
from ranked
where recency = 1
