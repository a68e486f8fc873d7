-- Buyers alone are ranked, and a month's few cuts travel as one list, so that no row meets all cuts of all months.
with
months as (
    select
        month,
        (sum(orders_in_window) / count(*)::double)::decimal(28, 8) as mean_orders,
        (sum(mean_order_value)::double / count(*))::decimal(28, 8) as mean_value,
        count(*) as buyers_count
    from intermediate.int_customer__customer_months
    where is_buyer
    group by month
),
cuts as (
    select month, list({grade: grade, low: from_share, high: up_to_share}) as grades
    from intermediate.int_customer__grade_cuts
    group by month
),
ranks as (
    select
        month,
        customer_id,
        rank() over (partition by month order by days_since_last) as r_rank,
        rank() over (partition by month order by order_days_in_window desc) as f_rank,
        rank() over (partition by month order by spend_in_window desc) as m_rank
    from intermediate.int_customer__customer_months
    where is_buyer and not is_lead_in
),
scored as (
    select
        ranks.month,
        ranks.customer_id,
        (5 - floor((r_rank - 1) * 5 / buyers_count::double))::integer as r_score,
        (5 - floor((f_rank - 1) * 5 / buyers_count::double))::integer as f_score,
        (5 - floor((m_rank - 1) * 5 / buyers_count::double))::integer as m_score,
        m_rank,
        list_filter(
            grades, lambda g: m_rank - 1 >= g.low * buyers_count and m_rank - 1 < g.high * buyers_count
        )[1].grade as grade,
        mean_orders,
        mean_value
    from ranks
    inner join months using (month)
    left join cuts using (month)
),
followed as (
    select
        * exclude (is_lead_in),
        is_lead_in,
        lag(stage) over w as previous_stage,
        lag(is_active, 1, false) over w as was_active,
        lag(store_id) over w as previous_store_id,
        lag(region) over w as previous_region
    from intermediate.int_customer__customer_months
    window w as (partition by customer_id order by month)
)
select
    f.month, f.customer_id, f.source_system, f.type, f.store_id, f.region, f.tenure_months, f.orders_count, f.order_days,
    f.spend, f.orders_in_window, f.order_days_in_window, f.spend_in_window, f.mean_order_value, f.spend_6_months,
    f.spend_previous_6_months, f.gap_variation, f.last_order_date, f.days_since_last, f.at_risk_limit_days, f.is_buyer,
    f.stage, f.is_active, f.previous_stage, f.was_active,
    f.previous_store_id,
    f.previous_region,
    s.r_score,
    s.f_score,
    s.m_score,
    cells.segment as rfm_segment,
    s.m_rank as revenue_rank,
    s.grade,
    case
        when not f.is_buyer then null
        when f.orders_in_window > s.mean_orders and f.mean_order_value > s.mean_value then 'best'
        when f.mean_order_value > s.mean_value then 'spender'
        when f.orders_in_window > s.mean_orders then 'frequent'
        else 'uncertain'
    end as matrix_cell
from followed as f
left join scored as s using (month, customer_id)
left join intermediate.int_customer__rfm_cells as cells
    on cells.month = s.month and cells.r_score = s.r_score and cells.f_score = s.f_score and cells.m_score = s.m_score
where not f.is_lead_in
