{# 5 for the best fifth of ranks (1 = best) ... 1 for the last; equal ranks get the better score by nature of rank(). #}
{% macro quintile_score(rank, n) -%}
    cast(5 - floor({{ divide('(' ~ rank ~ ' - 1) * 5', n) }}) as integer)
{%- endmacro %}

{# A number that a spreadsheet destroyed: it keeps 15 digits and writes 0 for the rest (310101199001010000), or 1.2E+17.
   Different numbers look the same afterwards. #}
{% macro is_destroyed_number(x) -%}
    {{ matches(x, '^[+-]?([0-9]+([.,][0-9]+)?[eE][+][0-9]+|[0-9]{15}0+([.,]0+)?)$') }}
{%- endmacro %}

{# What was sold by an order: its amount less its own discount. Below 0 it is a return. #}
{% macro sold_amount(order) -%} ({{ order }}.gross_amount - coalesce({{ order }}.discount_amount, 0)) {%- endmacro %}

{# What a line of an order came to, after its own discount and before that of the order: as stated, else by its price. The product
   is made a measure before the discount, which has no more places, is taken off: rounding a wide sum is 20 times as slow. #}
{% macro line_amount(line) -%}
    {%- set product = measure(units(line ~ '.quantity') ~ ' * ' ~ line ~ '.unit_price') -%}
    coalesce({{ line }}.amount, {{ product }} - coalesce({{ line }}.discount_amount, 0))
{%- endmacro %}

{# How many of these columns hold a value. #}
{% macro filled_count(columns) -%}
    (
        {%- for column in columns -%}
        case when {{ column }} is null then 0 else 1 end {%- if not loop.last %} + {% endif -%}
        {%- endfor -%}
    )
{%- endmacro %}

{# Whether a row of a reference table is in force on a date: both ends inclusive, an empty valid_to lasts. #}
{% macro in_force(alias, date) -%}
    {{ date }} >= {{ alias }}.valid_from and ({{ alias }}.valid_to is null or {{ date }} <= {{ alias }}.valid_to)
{%- endmacro %}

{# Condition that a row of unit_costs is what one of a kind costs on a date. #}
{% macro unit_cost_holds(alias, cost, date) -%}
    {{ alias }}.cost = '{{ cost }}' and {{ in_force(alias, date) }}
{%- endmacro %}

{# The parts of what a relationship earns and costs, and those of them that are its cost. #}
{% macro profit_parts() -%} {{ return(['net_sales', 'sales_without_cost', 'product_cost'] + profit_costs()) }} {%- endmacro %}
{% macro profit_costs() -%}
    {{ return([
        'acquisition_cost', 'campaign_cost', 'interaction_cost', 'ticket_cost', 'compensation_cost', 'service_cost', 'reward_cost',
    ]) }}
{%- endmacro %}

{# Those that unit_costs prices; where it has no price for a case, nobody knows the part of that month. #}
{% macro priced_costs() -%} {{ return(['interaction_cost', 'ticket_cost', 'reward_cost']) }} {%- endmacro %}

{# A column for each part: the expressions given, nothing for the others. unpriced: by priced part, the number of its cases
   without a price. #}
{% macro profit_part_columns(given, unpriced={}) -%}
    {%- for part in profit_parts() %}
        {{ measure(given[part] if part in given else 'null') }} as {{ part }},
    {%- endfor -%}
    {%- for part in priced_costs() %}
        {{ unpriced.get(part, '0') }} as unpriced_{{ part }}{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The sum where each row of the group has a value, else null: the rest would pass for the whole. #}
{% macro sum_if_all_known(x) -%} case when count(*) = count({{ x }}) then sum({{ x }}) end {%- endmacro %}

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


{#- How a member's tier moved since the month before; null where either place is not known, so that nothing moved up or down. -#}
{% macro tier_movement(tier, rank, previous_rank) %}
    case
        when {{ tier }} is null then null
        when month = joined_month then 'joined'
        when {{ rank }} > {{ previous_rank }} then 'upgrade'
        when {{ rank }} < {{ previous_rank }} then 'downgrade'
        when {{ rank }} = {{ previous_rank }} then 'same'
    end
{%- endmacro %}
