with customer_months as (
    select
        month, customer_id, source_system, type, store_id, region, is_buyer, days_since_last, order_days_in_window, spend_in_window,
        r_score, f_score, m_score, rfm_segment
    from {{ ref('fct_customer_month') }}
),

months as (
    select max(month) as month from {{ ref('int_core__months') }}
)

select
    customer_months.month,
    customer_months.customer_id,
    customer_months.source_system,
    customer_months.type,
    customer_months.store_id,
    customer_months.region,
    customer_months.days_since_last,
    customer_months.order_days_in_window as order_days,
    customer_months.spend_in_window as spend,
    customer_months.r_score,
    customer_months.f_score,
    customer_months.m_score,
    customer_months.rfm_segment as segment
from customer_months
inner join months on customer_months.month = months.month
where customer_months.is_buyer
