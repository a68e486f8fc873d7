with orders as (
    select customer_id, order_date, order_month, is_purchase from {{ ref('fct_order') }}
),

days as (
    select
        customer_id,
        order_date,
        order_month
    from orders
    where is_purchase and customer_id is not null
    group by customer_id, order_date, order_month
),

gaps as (
    select
        customer_id,
        order_date,
        order_month,
        row_number() over (partition by customer_id order by order_date) - 1 as gaps_so_far,
        {{ days_between('lag(order_date) over (partition by customer_id order by order_date)', 'order_date') }} as gap_days
    from days
),

regulars as (
    select distinct customer_id
    from gaps
    where gaps_so_far >= {{ var('own_gaps_min') }}
),

own_limits as (
    select
        gaps.customer_id,
        gaps.order_date,
        {{ quantile('gaps.gap_days', var('at_risk_quantile')) }} over (
            partition by gaps.customer_id order by gaps.order_date
            rows between unbounded preceding and current row
        ) as own_limit_days
    from gaps
    inner join regulars on gaps.customer_id = regulars.customer_id
)

select
    gaps.customer_id,
    gaps.order_date,
    gaps.order_month,
    gaps.gap_days,
    case when gaps.gaps_so_far >= {{ var('own_gaps_min') }} then {{ measure('own_limits.own_limit_days') }} end as own_limit_days
from gaps
left join own_limits on gaps.customer_id = own_limits.customer_id and gaps.order_date = own_limits.order_date
