with surveys as (
    select
        survey_id, source_system, customer_id, touch_point, about_id, channel, store_id, region,
        sent_at, sent_month, responded_at, response_month, is_response
    from {{ ref('int_satisfaction__surveys') }}
    where instrument = 'csat' and respondent_type = 'customer'
),

answers as (
    select survey_id, item_id, dimension, score, scale_min, scale_max
    from {{ ref('fct_survey_answer') }}
    where instrument = 'csat' and side = 'score' and scale_min < scale_max -- what no scale is known of says nothing
),

-- the overall item, where a survey asks about parts too
overall_items as (
    select
        survey_id,
        score,
        scale_min,
        scale_max,
        row_number() over (partition by survey_id order by item_id) as choice
    from answers
    where coalesce(dimension, 'overall') = 'overall'
),

orders as (
    select order_id, promised_at, delivered_at, is_late
    from {{ ref('fct_order') }}
),

tickets as (
    select ticket_id, need
    from {{ ref('fct_ticket') }}
),

grades as (
    select customer_id, month, grade
    from {{ ref('fct_customer_month') }}
)

select
    surveys.survey_id,
    surveys.source_system,
    surveys.customer_id,
    surveys.touch_point,
    surveys.about_id,
    surveys.channel,
    surveys.store_id,
    surveys.region,
    grades.grade,
    surveys.sent_at,
    surveys.sent_month,
    surveys.responded_at,
    surveys.response_month,
    surveys.is_response,
    case
        when orders.is_late then 'broken'
        when not orders.is_late or orders.delivered_at <= orders.promised_at then 'kept'
    end as promise,
    tickets.need,
    overall_items.score,
    overall_items.scale_min,
    overall_items.scale_max,
    {{ is_top_two('overall_items.score', 'overall_items.scale_min', 'overall_items.scale_max') }} as is_positive
from surveys
left join overall_items on surveys.survey_id = overall_items.survey_id and overall_items.choice = 1
-- one equality: with a condition on the survey alone beside it, DuckDB compares every survey with every order
left join orders on case when surveys.touch_point in ('order', 'delivery') then surveys.about_id end = orders.order_id
left join tickets on case when surveys.touch_point = 'ticket' then surveys.about_id end = tickets.ticket_id
left join grades on surveys.customer_id = grades.customer_id and surveys.response_month = grades.month
