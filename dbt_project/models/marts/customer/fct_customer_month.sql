with customer_months as (
    select
        month, is_lead_in, customer_id, source_system, type, store_id, region, is_contract, has_orders_supplied, is_closed,
        tenure_months, orders_count, order_days, spend, orders_in_window, order_days_in_window, spend_in_window,
        spend_6_months, spend_previous_6_months, last_order_date, days_since_last, at_risk_limit_days, first_order_month,
        is_back_from_lost
    from {{ ref('int_customer__customer_months') }}
),

segments as (
    select month, r_score, f_score, m_score, segment from {{ ref('int_customer__rfm_cells') }}
),

cuts as (
    select month, grade, from_share, up_to_share from {{ ref('int_customer__grade_cuts') }}
),

-- ranks from 1 = best; equal values share the better one
ranked as (
    select
        *,
        coalesce(orders_in_window > 0, false) as is_buyer,
        case when orders_in_window > 0 then {{ measure(divide('spend_in_window', 'orders_in_window')) }} end as mean_order_value,
        rank() over (partition by month, coalesce(orders_in_window > 0, false) order by days_since_last) as r_rank,
        rank() over (partition by month, coalesce(orders_in_window > 0, false) order by order_days_in_window desc) as f_rank,
        rank() over (partition by month, coalesce(orders_in_window > 0, false) order by spend_in_window desc) as m_rank,
        count(*) over (partition by month, coalesce(orders_in_window > 0, false)) as buyers_count
    from customer_months
),

means as (
    select
        month,
        {{ divide('sum(orders_in_window)', 'count(*)') }} as mean_orders,
        {{ divide('sum(mean_order_value)', 'count(*)') }} as mean_of_mean_order_value
    from ranked
    where is_buyer
    group by month
),

scored as (
    select
        ranked.*,
        case when is_buyer then {{ quintile_score('r_rank', 'buyers_count') }} end as r_score,
        case when is_buyer then {{ quintile_score('f_rank', 'buyers_count') }} end as f_score,
        case when is_buyer then {{ quintile_score('m_rank', 'buyers_count') }} end as m_score,
        case
            when is_closed then 'closed'
            when is_contract then 'active'
            when not has_orders_supplied then null
            when last_order_date is null then 'prospect'
            when days_since_last > {{ var('lost_multiple') }} * at_risk_limit_days then 'lost'
            when days_since_last > at_risk_limit_days then 'at_risk'
            when is_back_from_lost then 'reactivated'
            when first_order_month = month then 'new'
            when tenure_months >= {{ var('growth_tenure_months') }}
                and spend_6_months > spend_previous_6_months * {{ 1 + var('growth_threshold') }} then 'growing'
            when tenure_months >= {{ var('growth_tenure_months') }}
                and spend_6_months < spend_previous_6_months * {{ 1 - var('growth_threshold') }} then 'declining'
            else 'mature'
        end as stage
    from ranked
),

compared as (
    select
        scored.*,
        {{ is_active_stage('stage') }} as is_active,
        lag(stage) over (partition by customer_id order by month) as previous_stage
    from scored
)

select
    compared.month,
    compared.customer_id,
    compared.source_system,
    compared.type,
    compared.store_id,
    compared.region,
    compared.tenure_months,
    compared.orders_count,
    compared.order_days,
    compared.spend,
    compared.orders_in_window,
    compared.order_days_in_window,
    compared.spend_in_window,
    compared.mean_order_value,
    compared.spend_6_months,
    compared.spend_previous_6_months,
    compared.last_order_date,
    compared.days_since_last,
    compared.is_buyer,
    compared.r_score,
    compared.f_score,
    compared.m_score,
    segments.segment as rfm_segment,
    case when compared.is_buyer then compared.m_rank end as revenue_rank,
    cuts.grade,
    case
        when not compared.is_buyer then null
        when compared.orders_in_window > means.mean_orders
            and compared.mean_order_value > means.mean_of_mean_order_value then 'best'
        when compared.mean_order_value > means.mean_of_mean_order_value then 'spender'
        when compared.orders_in_window > means.mean_orders then 'frequent'
        else 'uncertain'
    end as matrix_cell,
    compared.at_risk_limit_days,
    compared.stage,
    compared.is_active,
    compared.previous_stage,
    {{ is_active_stage('compared.previous_stage') }} as was_active
from compared
left join means on compared.month = means.month
left join segments
    on compared.month = segments.month
    and compared.r_score = segments.r_score
    and compared.f_score = segments.f_score
    and compared.m_score = segments.m_score
left join cuts
    on compared.is_buyer
    and compared.month = cuts.month
    and compared.m_rank - 1 >= cuts.from_share * compared.buyers_count
    and compared.m_rank - 1 < cuts.up_to_share * compared.buyers_count
where not compared.is_lead_in
