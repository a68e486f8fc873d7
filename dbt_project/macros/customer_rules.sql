{# 5 for the best fifth of ranks (1 = best) ... 1 for the last; equal ranks get the better score by nature of rank(). #}
{% macro quintile_score(rank, n) -%}
    cast(5 - floor({{ divide('(' ~ rank ~ ' - 1) * 5', n) }}) as integer)
{%- endmacro %}

{# An order that counts: neither cancelled nor undeliverable. A source without a status only sends orders that count. #}
{% macro is_valid_order(status) -%} (coalesce({{ status }}, 'placed') not in ('cancelled', 'unavailable')) {%- endmacro %}

{# Coefficient of variation (sample standard deviation / mean) from a count, a sum and a sum of squares of integers. #}
{% macro variation(n, total, squares) -%}
    {{ divide('sqrt(greatest(' ~ divide(squares ~ ' - ' ~ divide(total ~ ' * ' ~ total, n), n ~ ' - 1') ~ ', 0))', divide(total, n)) }}
{%- endmacro %}

{# How many of these columns hold a value. #}
{% macro filled_count(columns) -%}
    (
        {%- for column in columns -%}
        case when {{ column }} is null then 0 else 1 end {%- if not loop.last %} + {% endif -%}
        {%- endfor -%}
    )
{%- endmacro %}

{# Gini coefficient over the non-negative values: 2 sum(place x value) / (n sum(value)) - (n + 1) / n, places from the smallest. #}
{% macro gini(place, value) -%}
    {%- set n = 'count(case when ' ~ value ~ ' >= 0 then 1 end)' -%}
    {%- set total = 'sum(case when ' ~ value ~ ' >= 0 then cast(' ~ value ~ ' as decimal(24, 4)) end)' -%}
    {%- set weighted = 'sum(case when ' ~ value ~ ' >= 0 then ' ~ place ~ ' * cast(' ~ value ~ ' as decimal(24, 4)) end)' -%}
    ({{ divide('2 * ' ~ divide(weighted, n), total) }} - {{ divide(n ~ ' + 1', n) }})
{%- endmacro %}

{# Whether a row of a reference table is in force on a date: both ends inclusive, an empty valid_to lasts. #}
{% macro in_force(alias, date) -%}
    {{ date }} >= {{ alias }}.valid_from and ({{ alias }}.valid_to is null or {{ date }} <= {{ alias }}.valid_to)
{%- endmacro %}

{# The parts of what a relationship earns and costs, and those of them that are its cost. #}
{% macro profit_parts() -%} {{ return(['net_sales', 'sales_without_cost', 'product_cost'] + profit_costs()) }} {%- endmacro %}
{% macro profit_costs() -%}
    {{ return([
        'acquisition_cost', 'campaign_cost', 'interaction_cost', 'ticket_cost', 'compensation_cost', 'service_cost', 'reward_cost',
    ]) }}
{%- endmacro %}

{# A column for each part: the expressions given, nothing for the others. #}
{% macro profit_part_columns(given) -%}
    {%- for part in profit_parts() %}
        {{ measure(given[part] if part in given else 'null') }} as {{ part }}{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Customers after n years of whom a share r stays every year while as many are won: now r^n + won (1 + r + ... + r^(n-1)). #}
{% macro customers_after(now, won, r, n) -%}
    ({{ now }} * power({{ r }}, {{ n }})
        + {{ won }} * (case when {{ r }} < 1e0 then (1e0 - power({{ r }}, {{ n }})) / (1e0 - {{ r }}) else cast({{ n }} as double) end))
{%- endmacro %}


{#- What of an order is still owed after payments; 0 where it is settled. Rates of order day and payment day differ: what is
    left of a paid order in another currency may be their difference alone (setting). -#}
{% macro still_owed(net_amount, paid_amount, currency) %}
    case
        when coalesce({{ currency }}, '{{ var("company_currency") }}') <> '{{ var("company_currency") }}'
            and {{ paid_amount }} > 0
            and {{ net_amount }} - {{ paid_amount }} <= {{ var('exchange_difference_share') }} * {{ net_amount }}
            then 0
        else greatest({{ net_amount }} - coalesce({{ paid_amount }}, 0), 0)
    end
{%- endmacro %}
