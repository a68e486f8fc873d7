{# What names a figure of kpi_monthly, written once for the models between its cells and its row. #}

{% macro figure_key_columns() -%}
    {{ return(['month', 'scope_type', 'scope_id', 'metric_id', 'dimension', 'dimension_value']) }}
{%- endmacro %}

{% macro figure_key(alias=none, without=[]) -%}
    {%- for column in figure_key_columns() if column not in without -%}
    {{ alias ~ '.' if alias }}{{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Condition that two rows are of the same figure, of the same month too unless it is told apart. #}
{% macro same_figure(left, right, without=[]) -%}
    {%- for column in figure_key_columns() if column not in without -%}
    {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ '\n        and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
