{{ config(materialized=monthly(), incremental_strategy='months') }}
-- depends_on: {{ ref('int_core__months') }}
{% set scores = ['r', 'f', 'm'] %}
with build_months as (
    select month from {{ ref('int_core__build_months') }}
    where not is_lead_in
),

buyers as (
    select month, customer_id, store_id, region, r_score, f_score, m_score
    from {{ ref('fct_customer_month') }}
    where is_buyer
),

before as (
    select {{ add_months('month', 1) }} as month, customer_id, r_score, f_score, m_score
    from buyers
),

moves as (
    select
        now.month,
        now.store_id,
        now.region,
        {%- for score in scores %}
        now.{{ score }}_score - before.{{ score }}_score as {{ score }}_shift,
        {%- endfor %}
        count(*) as customers
    from buyers as now
    inner join build_months on now.month = build_months.month
    inner join before on now.customer_id = before.customer_id and now.month = before.month
    group by
        now.month, now.store_id, now.region
        {%- for score in scores %}, now.{{ score }}_score - before.{{ score }}_score {%- endfor %}
),

shifts as (
    {%- for score in scores %}
    select month, store_id, region, '{{ score }}' as score, {{ score }}_shift as shift, customers
    from moves
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    month,
    store_id,
    region,
    score,
    cast(shift as integer) as shift,
    {{ int_sum('customers') }} as customers
from shifts
group by month, store_id, region, score, shift
