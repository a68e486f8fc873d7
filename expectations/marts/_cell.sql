{#- The key of a row of kpi_monthly. -#}
{% macro cell() -%}
concat_ws('|', month, scope_type, scope_id, metric_id, dimension, dimension_value)
{%- endmacro %}
