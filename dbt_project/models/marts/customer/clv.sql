with history as (
    select customer_id, cut_date, repeat_days, last_repeat_day, age_days, valued_repeat_days, repeat_amount
    from {{ ref('int_customer__purchase_history') }}
),

expectations as (
    select repeat_days, age_days, expected, discounted
    from {{ ref('int_customer__purchase_expectations') }}
    where sample = 'all'
),

fit as (
    select
        month, status, cast(r as double) as r, cast(alpha as double) as alpha, cast(a as double) as a, cast(b as double) as b,
        cast(p as double) as p, cast(q as double) as q, cast(v as double) as v
    from {{ ref('clv_fit') }}
),

customers as (
    select customer_id, source_system, status from {{ ref('dim_customer') }}
),

customer_months as (
    select month, customer_id, store_id, region, grade from {{ ref('fct_customer_month') }}
),

orders as (
    select order_date, net_amount, product_cost
    from {{ ref('fct_order') }}
    where is_valid and product_cost is not null
),

cut as (
    select max(cut_date) as cut_date from history
),

margin as (
    select
        case when sum(orders.net_amount) > 0
            then {{ divide('sum(orders.net_amount - orders.product_cost)', 'sum(orders.net_amount)') }} end as margin_rate
    from orders
    inner join cut
        on orders.order_date <= cut.cut_date
        and orders.order_date > {{ add_months('cut.cut_date', -1 * var('window_months')) }}
),

scored as (
    select
        history.customer_id,
        history.repeat_days,
        history.last_repeat_day,
        history.age_days,
        fit.month,
        customers.source_system,
        customers.status = 'closed' as is_closed,
        fit.status = 'forecast' as is_forecast,
        {{ p_alive('history.repeat_days', 'history.last_repeat_day', 'history.age_days', 'fit') }} as p_alive,
        expectations.expected,
        expectations.discounted,
        -- mean value of a purchase day by Gamma-Gamma: what the repeat days came to, drawn towards the mean of all
        fit.p * (fit.v + greatest(cast(coalesce(history.repeat_amount, 0) as double), 0e0))
        / (fit.p * history.valued_repeat_days + fit.q - 1) as day_value
    from history
    cross join fit
    inner join customers on history.customer_id = customers.customer_id
    left join expectations
        on history.repeat_days = expectations.repeat_days
        and history.age_days = expectations.age_days
)

select
    scored.customer_id,
    scored.month,
    scored.source_system,
    customer_months.region,
    customer_months.store_id,
    customer_months.grade,
    scored.is_closed,
    scored.is_forecast,
    scored.repeat_days,
    scored.last_repeat_day,
    scored.age_days,
    case
        when scored.is_closed then {{ measure('0') }}
        when scored.is_forecast and scored.repeat_days > 0 then {{ measure('scored.p_alive') }}
    end as p_alive,
    case
        when scored.is_closed then {{ measure('0') }}
        when scored.is_forecast then {{ measure('scored.expected * scored.p_alive') }}
    end as expected_order_days,
    case
        when scored.is_closed then {{ measure('0') }}
        when scored.is_forecast then {{ measure('scored.discounted * scored.p_alive') }}
    end as discounted_order_days,
    case when scored.is_forecast then {{ measure('scored.day_value') }} end as day_value,
    {{ measure('margin.margin_rate') }} as margin_rate,
    case
        when scored.is_closed then {{ measure('0') }}
        when scored.is_forecast
            then {{ measure('scored.discounted * scored.p_alive * scored.day_value * margin.margin_rate') }}
    end as clv
from scored
cross join margin
left join customer_months
    on scored.customer_id = customer_months.customer_id
    and scored.month = customer_months.month
