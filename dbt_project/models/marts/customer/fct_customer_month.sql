{{ config(materialized=monthly(), incremental_strategy='months') }}
-- depends_on: {{ ref('int_core__build_months') }}
-- depends_on: {{ ref('int_core__months') }}
{% set carried = [
    'month', 'customer_id', 'source_system', 'type', 'store_id', 'region', 'tenure_months', 'orders_count', 'order_days', 'spend',
    'orders_in_window', 'order_days_in_window', 'spend_in_window', 'mean_order_value', 'spend_6_months', 'spend_previous_6_months',
    'gap_variation', 'last_order_date', 'days_since_last', 'at_risk_limit_days', 'is_buyer', 'stage',
    'is_active',
] -%}
with customer_months as (
    select is_lead_in, {{ carried | join(', ') }}
    from {{ ref('int_customer__customer_months') }}
),

segments as (
    select month, r_score, f_score, m_score, segment from {{ ref('int_customer__rfm_cells') }}
),

cuts as (
    select month, grade, from_share, up_to_share from {{ ref('int_customer__grade_cuts') }}
),

means as (
    select
        month,
        count(*) as buyers_count,
        {{ measure(divide('sum(orders_in_window)', 'count(*)')) }} as mean_orders,
        {{ measure(divide('sum(mean_order_value)', 'count(mean_order_value)')) }} as mean_of_mean_order_value
    from customer_months
    where is_buyer
    group by month
),

-- shares as places, so that a rank is compared with columns of one table
cut_places as (
    select
        cuts.month,
        cuts.grade,
        cuts.from_share * means.buyers_count as from_place,
        cuts.up_to_share * means.buyers_count as up_to_place
    from cuts
    inner join means on cuts.month = means.month
),

-- ranks from 1 = best among the buyers of the window; equal values share the better one
ranked as (
    select
        is_lead_in,
        {{ carried | join(', ') }},
        rank() over (partition by month, is_buyer order by days_since_last) as r_rank,
        rank() over (partition by month, is_buyer order by order_days_in_window desc) as f_rank,
        rank() over (partition by month, is_buyer order by spend_in_window desc) as m_rank,
        count(*) over (partition by month, is_buyer) as buyers_count,
        lag(stage) over (partition by customer_id order by month) as previous_stage,
        lag(is_active, 1, false) over (partition by customer_id order by month) as was_active,
        lag(store_id) over (partition by customer_id order by month) as previous_store_id,
        lag(region) over (partition by customer_id order by month) as previous_region
    from customer_months
),

scored as (
    select
        {{ carried | join(', ') }},
        buyers_count,
        previous_stage,
        was_active,
        previous_store_id,
        previous_region,
        case when is_buyer then {{ quintile_score('r_rank', 'buyers_count') }} end as r_score,
        case when is_buyer then {{ quintile_score('f_rank', 'buyers_count') }} end as f_score,
        case when is_buyer then {{ quintile_score('m_rank', 'buyers_count') }} end as m_score,
        case when is_buyer then m_rank end as revenue_rank
    from ranked
    where not is_lead_in
)

select
    {%- for column in carried %}
    scored.{{ column }},
    {%- endfor %}
    scored.previous_stage,
    scored.was_active,
    scored.previous_store_id,
    scored.previous_region,
    scored.r_score,
    scored.f_score,
    scored.m_score,
    segments.segment as rfm_segment,
    scored.revenue_rank,
    cut_places.grade,
    case
        when not scored.is_buyer or scored.mean_order_value is null then null
        when scored.orders_in_window > means.mean_orders
            and scored.mean_order_value > means.mean_of_mean_order_value then 'best'
        when scored.mean_order_value > means.mean_of_mean_order_value then 'spender'
        when scored.orders_in_window > means.mean_orders then 'frequent'
        else 'uncertain'
    end as matrix_cell
from scored
left join means on scored.month = means.month
left join segments
    on scored.month = segments.month
    and scored.r_score = segments.r_score
    and scored.f_score = segments.f_score
    and scored.m_score = segments.m_score
left join cut_places
    on
        scored.month = cut_places.month
        and scored.revenue_rank - 1 >= cut_places.from_place
        and scored.revenue_rank - 1 < cut_places.up_to_place
