{#- Coefficient of variation (sample standard deviation / mean) of the gaps, from their number, their sum and that of their squares. -#}
{%- set n, total, squares = 'windows.gaps_in_window', 'windows.gap_days_in_window', 'windows.gap_days_squared_in_window' -%}
{%- set gap_variance = divide(squares ~ ' - ' ~ divide(total ~ ' * ' ~ total, n), n ~ ' - 1') -%}
{%- set gap_variation = divide('sqrt(greatest(' ~ gap_variance ~ ', 0))', divide(total, n)) -%}
with months as (
    select month, month_end_at, month_end_date, is_lead_in from {{ ref('int_core__build_months') }}
),

customers as (
    select
        customer_id, source_system, type, first_known_at, first_known_month, first_order_at, acquired_month, closed_at,
        status, is_contract, has_orders_supplied
    from {{ ref('dim_customer') }}
),

versions as (
    select customer_id, store_id, region, status, valid_from, valid_to from {{ ref('int_core__customer_versions') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

activity as (
    select
        customer_id, month, orders_count, valued_orders, order_days, spend, gaps_count, gap_days, gap_days_squared, last_order_date,
        own_limit_days, next_order_month, previous_order_date, previous_own_limit_days
    from {{ ref('int_customer__activity_months') }}
),

limits as (
    select month, type, group_limit_days from {{ ref('int_lifecycle__silence_limits') }}
),

bounds as (
    select min(month) as first_month, max(month) as last_month from months
),

-- growth and decline compare the last six months with the six before: they need a year of orders
order_histories as (
    select
        customers.source_system,
        min(activity.month) as first_month
    from activity
    inner join customers on activity.customer_id = customers.customer_id
    group by customers.source_system
),

-- every month since the customer is known
known_months as (
    select
        customers.customer_id,
        {{ month_series('greatest(customers.first_known_month, bounds.first_month)', 'bounds.last_month') }} as month
    from customers
    cross join bounds
),

-- a month's activity counts in the windows of that month and of those after it
activity_ahead as (
    select
        activity.customer_id,
        activity.month as active_month,
        activity.orders_count,
        activity.valued_orders,
        activity.order_days,
        activity.spend,
        activity.gaps_count,
        activity.gap_days,
        activity.gap_days_squared,
        {{ month_series(
            'greatest(activity.month, bounds.first_month)',
            'least(' ~ add_months('activity.month', [var('window_months'), 12] | max - 1) ~ ', bounds.last_month)'
        ) }} as month
    from activity
    cross join bounds
),

aged as (
    select
        customer_id,
        month,
        orders_count,
        valued_orders,
        order_days,
        spend,
        gaps_count,
        gap_days,
        gap_days_squared,
        {{ months_between_dates('active_month', 'month') }} as age_months
    from activity_ahead
),

windows as (
    select
        customer_id,
        month,
        {{ int_sum('case when age_months = 0 then orders_count else 0 end') }} as orders_count,
        {{ int_sum('case when age_months = 0 then order_days else 0 end') }} as order_days,
        {{ measure('sum(case when age_months = 0 then spend else 0 end)') }} as spend,
        {{ int_sum('case when age_months < ' ~ var('window_months') ~ ' then orders_count else 0 end') }} as orders_in_window,
        {{ int_sum('case when age_months < ' ~ var('window_months') ~ ' then valued_orders else 0 end') }} as valued_orders_in_window,
        {{ int_sum('case when age_months < ' ~ var('window_months') ~ ' then order_days else 0 end') }} as order_days_in_window,
        {{ measure('sum(case when age_months < ' ~ var('window_months') ~ ' then spend else 0 end)') }} as spend_in_window,
        {{ int_sum('case when age_months < ' ~ var('window_months') ~ ' then gaps_count else 0 end') }} as gaps_in_window,
        {{ int_sum('case when age_months < ' ~ var('window_months') ~ ' then gap_days else 0 end') }} as gap_days_in_window,
        {{ int_sum('case when age_months < ' ~ var('window_months') ~ ' then gap_days_squared else 0 end') }}
            as gap_days_squared_in_window,
        {{ measure('sum(case when age_months < 6 then spend else 0 end)') }} as spend_6_months,
        {{ measure('sum(case when age_months between 6 and 11 then spend else 0 end)') }} as spend_previous_6_months
    from aged
    group by customer_id, month
),

-- the last order by the end of a month stays the last one until the next month with an order
last_orders as (
    select
        activity.customer_id,
        activity.last_order_date,
        activity.own_limit_days,
        activity.previous_order_date,
        activity.previous_own_limit_days,
        {{ month_series(
            'greatest(activity.month, bounds.first_month)',
            'least(coalesce(' ~ add_months('activity.next_order_month', -1) ~ ', bounds.last_month), bounds.last_month)'
        ) }} as month
    from activity
    cross join bounds
    where activity.last_order_date is not null
),

placed as (
    select
        months.month,
        months.month_end_date,
        months.is_lead_in,
        customers.customer_id,
        customers.source_system,
        customers.type,
        versions.store_id,
        coalesce(store_versions.region, versions.region) as region,
        customers.is_contract,
        customers.has_orders_supplied,
        customers.acquired_month,
        customers.first_order_at,
        coalesce(
            customers.closed_at < months.month_end_at,
            customers.status = 'closed' and versions.status = 'closed'
        ) as is_closed
    from known_months
    inner join months on known_months.month = months.month
    inner join customers on known_months.customer_id = customers.customer_id
    left join versions
        on customers.customer_id = versions.customer_id
        and months.month_end_at > versions.valid_from
        and months.month_end_at <= versions.valid_to
    left join store_versions
        on versions.store_id = store_versions.store_id
        and months.month_end_at > store_versions.valid_from
        and months.month_end_at <= store_versions.valid_to
),

measured as (
    select
        placed.month,
        placed.is_lead_in,
        placed.customer_id,
        placed.source_system,
        placed.type,
        placed.store_id,
        placed.region,
        placed.is_contract,
        placed.has_orders_supplied,
        coalesce(placed.is_closed, false) as is_closed,
        case
            when placed.acquired_month <= placed.month then {{ months_between_dates('placed.acquired_month', 'placed.month') }}
        end as tenure_months,
        {% for count in ['orders_count', 'order_days', 'orders_in_window', 'order_days_in_window'] -%}
        case when placed.has_orders_supplied then coalesce(windows.{{ count }}, 0) end as {{ count }},
        {% endfor -%}
        {% for amount in ['spend', 'spend_in_window', 'spend_6_months', 'spend_previous_6_months'] -%}
        case when placed.has_orders_supplied then coalesce(windows.{{ amount }}, {{ measure('0') }}) end as {{ amount }},
        {% endfor -%}
        windows.valued_orders_in_window,
        case
            when windows.gaps_in_window >= 2
                then {{ measure(gap_variation) }}
        end as gap_variation,
        last_orders.last_order_date,
        {{ days_between('last_orders.last_order_date', 'placed.month_end_date') }} as days_since_last,
        -- while the limit of the type is not known, those of its most frequent customers alone would pass for all
        case
            when limits.group_limit_days is not null then coalesce(last_orders.own_limit_days, limits.group_limit_days)
        end as at_risk_limit_days,
        case
            when limits_before.group_limit_days is not null
                then coalesce(last_orders.previous_own_limit_days, limits_before.group_limit_days)
        end as previous_limit_days,
        {{ local_month('placed.first_order_at') }} = placed.month as is_first_order_month,
        case
            when windows.orders_count > 0
                then {{ days_between('last_orders.previous_order_date', add_days('placed.month', -1)) }}
        end as days_silent_before,
        {{ months_between_dates('order_histories.first_month', 'placed.month') }} >= 11 as has_year_of_orders
    from placed
    left join windows on placed.customer_id = windows.customer_id and placed.month = windows.month
    left join last_orders on placed.customer_id = last_orders.customer_id and placed.month = last_orders.month
    left join limits on placed.type = limits.type and placed.month = limits.month
    left join limits as limits_before
        on placed.type = limits_before.type
        and {{ add_months('placed.month', -1) }} = limits_before.month
    left join order_histories on placed.source_system = order_histories.source_system
)

select
    month,
    is_lead_in,
    customer_id,
    source_system,
    type,
    store_id,
    region,
    tenure_months,
    orders_count,
    order_days,
    spend,
    orders_in_window,
    order_days_in_window,
    spend_in_window,
    spend_6_months,
    spend_previous_6_months,
    gap_variation,
    last_order_date,
    days_since_last,
    at_risk_limit_days,
    coalesce(orders_in_window > 0, false) as is_buyer,
    {{ measure(divide('spend_in_window', 'valued_orders_in_window')) }} as mean_order_value,
    case
        when is_closed then 'closed'
        when is_contract then 'active'
        when not has_orders_supplied then null
        when last_order_date is null then 'prospect'
        when at_risk_limit_days is null then null
        when days_since_last > {{ var('lost_multiple') }} * at_risk_limit_days then 'lost'
        when days_since_last > at_risk_limit_days then 'at_risk'
        when days_silent_before > {{ var('lost_multiple') }} * coalesce(previous_limit_days, at_risk_limit_days) then 'reactivated'
        when is_first_order_month then 'new'
        when tenure_months >= {{ var('growth_tenure_months') }} and not has_year_of_orders then null
        when tenure_months >= {{ var('growth_tenure_months') }}
            and spend_6_months > spend_previous_6_months * {{ 1 + var('growth_threshold') }} then 'growing'
        when tenure_months >= {{ var('growth_tenure_months') }}
            and spend_6_months < spend_previous_6_months * {{ 1 - var('growth_threshold') }} then 'declining'
        else 'mature'
    end as stage,
    -- null where it is not known how long a silence is long
    case
        when is_closed then false
        when is_contract then true
        when not has_orders_supplied or last_order_date is null then false
        else days_since_last <= {{ var('lost_multiple') }} * at_risk_limit_days
    end as is_active
from measured
