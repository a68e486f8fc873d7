with months as (
    select distinct month, month_end_at
    from {{ ref('int_satisfaction__windows') }}
    where is_current
),

customers as (
    select month, customer_id, store_id, region, grade
    from {{ ref('fct_customer_month') }}
    where is_active or stage is null
),

surveys as (
    select survey_id, customer_id, sent_at, responded_at, score, scale_min, scale_max, is_positive
    from {{ ref('csat') }}
    where customer_id is not null
),

asked as (
    select
        months.month,
        surveys.customer_id,
        count(*) as asked_count,
        count(case when surveys.responded_at < months.month_end_at then surveys.score end) as scored_count,
        max(surveys.sent_at) as last_asked_at
    from surveys
    inner join months on surveys.sent_at < months.month_end_at
    group by months.month, surveys.customer_id
),

ranked as (
    select
        months.month,
        months.month_end_at,
        surveys.survey_id,
        surveys.customer_id,
        row_number() over (
            partition by months.month, surveys.customer_id order by surveys.responded_at desc, surveys.survey_id desc
        ) as place
    from surveys
    inner join months on surveys.responded_at < months.month_end_at
    where surveys.score is not null
),

newest as (
    select
        ranked.month,
        ranked.customer_id,
        ranked.place,
        surveys.responded_at,
        {{ days_between(local_date('surveys.responded_at'), local_date(add_seconds('ranked.month_end_at', -1))) }} as days_since,
        surveys.score,
        surveys.is_positive,
        surveys.score <= surveys.scale_min + 1 and surveys.score < surveys.scale_max - 1 as is_low,
        {{ measure('100 * ' ~ divide('surveys.score - surveys.scale_min', 'surveys.scale_max - surveys.scale_min')) }} as level
    from ranked
    inner join surveys on ranked.survey_id = surveys.survey_id
    where ranked.place <= 2
),

latest as (
    select
        month,
        customer_id,
        max(case when place = 1 then responded_at end) as latest_at,
        max(case when place = 1 then days_since end) as days_since,
        max(case when place = 1 then score end) as latest_score,
        max(case when place = 1 then level end) as latest_level,
        max(case when place = 1 then {{ to_int('is_positive') }} end) = 1 as is_positive,
        max(case when place = 1 then {{ to_int('is_low') }} end) = 1 as is_low,
        max(case when place = 2 then level end) as previous_level
    from newest
    group by month, customer_id
)

select
    customers.month,
    customers.customer_id,
    customers.store_id,
    customers.region,
    customers.grade,
    coalesce(asked.asked_count, 0) as asked_count,
    asked.last_asked_at,
    coalesce(asked.scored_count, 0) as scored_count,
    case
        when latest.customer_id is not null then 'answered'
        when asked.customer_id is not null then 'silent'
        else 'never_asked'
    end as feedback,
    latest.latest_at,
    latest.days_since,
    latest.latest_score,
    latest.latest_level,
    latest.is_positive,
    latest.is_low,
    latest.previous_level,
    case
        when latest.latest_level > latest.previous_level then 'better'
        when latest.latest_level < latest.previous_level then 'worse'
        when latest.latest_level = latest.previous_level then 'same'
    end as trend
from customers
inner join months on customers.month = months.month
left join asked on customers.month = asked.month and customers.customer_id = asked.customer_id
left join latest on customers.month = latest.month and customers.customer_id = latest.customer_id
