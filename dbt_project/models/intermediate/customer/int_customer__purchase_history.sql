with orders as (
    select customer_id, order_date, is_purchase, net_amount
    from {{ ref('fct_order') }}
    where is_valid and customer_id is not null
),

months as (
    select month, month_end_date, is_complete from {{ ref('int_core__months') }}
),

cut as (
    select coalesce(max(case when is_complete then month_end_date end), max(month_end_date)) as cut_date
    from months
),

order_days as (
    select
        orders.customer_id,
        orders.order_date,
        cut.cut_date,
        max({{ to_int('orders.is_purchase') }}) = 1 as is_purchase_day,
        sum(orders.net_amount) as amount,
        count(*) - count(orders.net_amount) as unknown_amounts
    from orders
    inner join cut on orders.order_date <= cut.cut_date
    group by orders.customer_id, orders.order_date, cut.cut_date
),

-- a return booked as an order takes from the last purchase day before it
placed as (
    select
        customer_id,
        cut_date,
        amount,
        unknown_amounts,
        max(case when is_purchase_day then order_date end) over (
            partition by customer_id order by order_date rows between unbounded preceding and current row
        ) as order_date
    from order_days
),

days as (
    select
        customer_id,
        order_date,
        cut_date,
        {{ add_days('cut_date', -7 * var('clv_holdout_weeks')) }} as split_date,
        case when sum(unknown_amounts) = 0 then sum(amount) end as amount
    from placed
    where order_date is not null
    group by customer_id, order_date, cut_date
),

dated as (
    select
        customer_id,
        order_date,
        cut_date,
        split_date,
        amount,
        min(order_date) over (partition by customer_id) as first_date
    from days
)

select
    customer_id,
    first_date,
    cut_date,
    count(*) - 1 as repeat_days,
    {{ days_between('first_date', 'max(order_date)') }} as last_repeat_day,
    {{ days_between('first_date', 'cut_date') }} as age_days,
    count(case when order_date > first_date then amount end) as valued_repeat_days,
    {{ measure('sum(case when order_date > first_date then amount end)') }} as repeat_amount,
    case when first_date <= split_date then count(case when order_date <= split_date then 1 end) - 1 end as calibration_repeat_days,
    case
        when first_date <= split_date
            then {{ days_between('first_date', 'max(case when order_date <= split_date then order_date end)') }}
    end as calibration_last_repeat_day,
    case when first_date <= split_date then {{ days_between('first_date', 'split_date') }} end as calibration_age_days,
    case when first_date <= split_date then count(case when order_date > split_date then 1 end) end as holdout_days
from dated
group by customer_id, first_date, cut_date, split_date
