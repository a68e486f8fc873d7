{#- Gini coefficient over the spends from 0 on: 2 sum(place x spend) / (n sum(spend)) - (n + 1) / n, places from the smallest. -#}
{%- set n = 'count(case when spend_in_window >= 0 then 1 end)' -%}
{%- set total = 'sum(case when spend_in_window >= 0 then cast(spend_in_window as decimal(24, 4)) end)' -%}
{%- set weighted = 'sum(case when spend_in_window >= 0 then place_up * cast(spend_in_window as decimal(24, 4)) end)' -%}
{%- set gini = '(' ~ divide('2 * ' ~ divide(weighted, n), total) ~ ' - ' ~ divide(n ~ ' + 1', n) ~ ')' -%}
with buyers as (
    select month, spend_in_window
    from {{ ref('fct_customer_month') }}
    where is_buyer
),

-- places from the largest revenue down and, among the non-negative ones, from the smallest up
placed as (
    select
        month,
        spend_in_window,
        row_number() over (partition by month order by spend_in_window desc) as place,
        sum(spend_in_window) over (
            partition by month order by spend_in_window desc rows between unbounded preceding and current row
        ) as spend_down_to,
        row_number() over (partition by month, spend_in_window < 0 order by spend_in_window) as place_up,
        count(*) over (partition by month) as customers,
        sum(spend_in_window) over (partition by month) as spend_total
    from buyers
),

months as (
    select
        month,
        customers,
        {{ measure('spend_total') }} as revenue,
        count(case when spend_in_window < 0 then 1 end) as customers_negative,
        case when spend_total > 0 then min(case when spend_down_to >= 0.8 * spend_total then place end) end as customers_for_80_percent,
        {{ measure(gini) }} as gini
    from placed
    group by month, customers, spend_total
)

select
    month,
    customers,
    revenue,
    customers_negative,
    customers_for_80_percent,
    {{ measure(divide('customers_for_80_percent', 'customers')) }} as share_of_customers_for_80_percent,
    gini
from months
