with buyers as (
    select month, order_days_in_window, spend_in_window
    from {{ ref('fct_customer_month') }}
    where is_buyer
),

months as (
    select
        month,
        count(case when order_days_in_window >= 2 then 1 end) as repeat_customers,
        count(case when order_days_in_window = 1 then 1 end) as one_time_customers,
        sum(case when order_days_in_window >= 2 then spend_in_window end) as repeat_spend,
        sum(case when order_days_in_window = 1 then spend_in_window end) as one_time_spend
    from buyers
    group by month
)

select
    month,
    repeat_customers,
    one_time_customers,
    {{ measure(divide('repeat_spend', 'repeat_customers')) }} as repeat_mean_spend,
    {{ measure(divide('one_time_spend', 'one_time_customers')) }} as one_time_mean_spend,
    {{ measure(divide(divide('repeat_spend', 'repeat_customers'), divide('one_time_spend', 'one_time_customers'))) }} as multiple
from months
