{%- set landmark = var('lifetime_landmark_months') -%}
with customer_months as (
    select month, customer_id, stage, is_active, was_active, tenure_months, grade
    from {{ ref('fct_customer_month') }}
),

customers as (
    select customer_id, acquired_month from {{ ref('dim_customer') }}
),

-- an end: active a month before and now lost or closed, or closed in the very month of acquisition
turns as (
    select
        customer_id,
        min(case when is_active then month end) as first_active_month,
        min(case when was_active then month end) as first_whole_month,
        min(case when was_active and stage in ('lost', 'closed') or stage = 'closed' and tenure_months = 0 then month end) as end_month
    from customer_months
    group by customer_id
),

started as (
    select
        turns.customer_id,
        coalesce(least(customers.acquired_month, turns.first_active_month), turns.first_active_month, turns.end_month) as start_month,
        turns.first_active_month,
        turns.first_whole_month,
        turns.end_month
    from turns
    inner join customers on turns.customer_id = customers.customer_id
    where turns.first_active_month is not null or turns.end_month is not null
),

-- delayed entry: who began before the months covered may end in a month only if active when it began. That is so from the
-- month after the first active one, or in the first month covered where one before it told so
begun as (
    select
        customer_id,
        start_month,
        case
            when start_month = coalesce(first_active_month, end_month) then start_month
            else coalesce(least(first_whole_month, {{ add_months('first_active_month', 1) }}), first_whole_month, end_month)
        end as watched_from_month,
        end_month
    from started
),

landmarks as (
    select
        begun.customer_id,
        customer_months.month as landmark_month,
        customer_months.grade as landmark_grade
    from begun
    inner join customer_months
        on
            begun.customer_id = customer_months.customer_id
            and {{ add_months('begun.start_month', landmark) }} = customer_months.month
    where customer_months.is_active and customer_months.grade is not null
),

-- who was lost and came back before the landmark may be lost again after it
landmark_ends as (
    select landmarks.customer_id, min(customer_months.month) as landmark_end_month
    from landmarks
    inner join customer_months
        on landmarks.customer_id = customer_months.customer_id and landmarks.landmark_month < customer_months.month
    where customer_months.was_active and customer_months.stage in ('lost', 'closed')
    group by landmarks.customer_id
)

select
    begun.customer_id,
    begun.start_month,
    begun.watched_from_month,
    begun.end_month,
    landmarks.landmark_month,
    landmarks.landmark_grade,
    landmark_ends.landmark_end_month
from begun
left join landmarks on begun.customer_id = landmarks.customer_id
left join landmark_ends on begun.customer_id = landmark_ends.customer_id
