with customer_months as (
    select
        month, customer_id, source_system, type, store_id, region, tenure_months, stage, previous_stage, is_active,
        last_order_date, days_since_last, at_risk_limit_days, spend_6_months, spend_previous_6_months
    from {{ ref('fct_customer_month') }}
),

last_month as (
    select max(month) as month from {{ ref('int_core__months') }}
)

select
    customer_months.month,
    customer_months.customer_id,
    customer_months.source_system,
    customer_months.type,
    customer_months.store_id,
    customer_months.region,
    customer_months.tenure_months,
    customer_months.stage,
    customer_months.previous_stage,
    customer_months.is_active,
    customer_months.last_order_date,
    customer_months.days_since_last,
    customer_months.at_risk_limit_days,
    {{ measure(var('lost_multiple') ~ ' * customer_months.at_risk_limit_days') }} as lost_limit_days,
    customer_months.spend_6_months,
    customer_months.spend_previous_6_months
from customer_months
inner join last_month on customer_months.month = last_month.month
