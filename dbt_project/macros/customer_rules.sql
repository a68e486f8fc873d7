{# 5 for the best fifth of ranks (1 = best) ... 1 for the last; equal ranks get the better score by nature of rank(). #}
{% macro quintile_score(rank, n) -%}
    cast(5 - floor({{ divide('(' ~ rank ~ ' - 1) * 5', n) }}) as integer)
{%- endmacro %}

{# A stage of a customer who is neither prospect nor lost nor closed; null stage = not active. #}
{% macro is_active_stage(stage) -%}
    coalesce({{ stage }} in ('active', 'at_risk', 'reactivated', 'new', 'growing', 'declining', 'mature'), false)
{%- endmacro %}

{# An order that counts: neither cancelled nor undeliverable. A source without a status only sends orders that count. #}
{% macro is_valid_order(status) -%} (coalesce({{ status }}, 'placed') not in ('cancelled', 'unavailable')) {%- endmacro %}
