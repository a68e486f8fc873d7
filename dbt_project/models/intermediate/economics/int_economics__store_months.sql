with agents as (
    select store_id, response_month as month, score, scale_min, scale_max
    from {{ ref('fct_survey_answer') }}
    where instrument = 'agent_satisfaction' and respondent_type = 'agent' and side = 'score'
),

servqual as (
    select store_id, response_month as month, unweighted_gap from {{ ref('servqual') }}
),

csat as (
    select store_id, response_month as month, is_positive
    from {{ ref('csat') }}
    where is_response
),

customer_months as (
    select store_id, month, is_active, was_active, spend from {{ ref('fct_customer_month') }}
),

months as (
    select month from {{ ref('int_core__months') }}
    where is_complete
),

links as (
    select
        store_id,
        month,
        'agent_satisfaction' as link,
        {{ divide('sum(' ~ measure(divide('score - scale_min', 'scale_max - scale_min')) ~ ')', 'count(score)') }} as value,
        count(score) as n
    from agents
    group by store_id, month
    union all
    select
        store_id,
        month,
        'service_quality' as link,
        {{ divide('sum(unweighted_gap)', 'count(unweighted_gap)') }} as value,
        count(unweighted_gap) as n
    from servqual
    group by store_id, month
    union all
    select
        store_id,
        month,
        'satisfaction' as link,
        {{ divide('sum(' ~ to_int('is_positive') ~ ')', 'count(is_positive)') }} as value,
        count(is_positive) as n
    from csat
    group by store_id, month
    union all
    select
        store_id,
        month,
        'loyalty' as link,
        {{ divide('sum(' ~ to_int('is_active') ~ ')', 'count(is_active)') }} as value,
        count(*) as n
    from customer_months
    where was_active
    group by store_id, month
),

spends as (
    select
        store_id,
        month,
        sum(spend) as spend,
        count(case when is_active then 1 end) as n
    from customer_months
    group by store_id, month
),

-- a store's month is measured against its month before
growth as (
    select
        now.store_id,
        now.month,
        'revenue_growth' as link,
        {{ divide('now.spend', 'before.spend') }} - 1 as value,
        now.n
    from spends as now
    inner join spends as before
        on now.store_id = before.store_id
        and {{ add_months('now.month', -1) }} = before.month
    where before.spend > 0
),

every_link as (
    select store_id, month, link, value, n from links
    union all
    select store_id, month, link, value, n from growth
)

select
    every_link.store_id,
    every_link.month,
    every_link.link,
    {{ measure('every_link.value') }} as value,
    every_link.n
from every_link
inner join months on every_link.month = months.month
where every_link.store_id is not null and every_link.value is not null
