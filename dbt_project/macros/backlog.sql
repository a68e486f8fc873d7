{# What an open ticket belongs to and may move between; each is a scope of the backlog. #}
{% macro backlog_attributes() -%}
    {{ return(['region', 'store_id', 'channel', 'category', 'team']) }}
{%- endmacro %}

{# Flows of the backlog other than moves, with the sign by which they change it. `untimed` has its own sign: what came in
   without a told status or was first shown open or closed by a load, see int_service__backlog_flows. #}
{% macro backlog_flows() -%} {{ return({'received': 1, 'reopened': 1, 'solved': -1, 'removed': -1, 'untimed': 1}) }} {%- endmacro %}

{# Moves: between any two cells, and per attribute those that change it. #}
{% macro backlog_moves() -%}
    {%- set moves = ['moved_in', 'moved_out'] -%}
    {%- for attribute in backlog_attributes() -%}
        {%- do moves.append('moved_in_' ~ attribute | replace('_id', '')) -%}
        {%- do moves.append('moved_out_' ~ attribute | replace('_id', '')) -%}
    {%- endfor -%}
    {{ return(moves) }}
{%- endmacro %}

{# By how much the flows change what is open in the cells of a scope, with the moves of that scope; what is not known is
   nothing here. #}
{% macro backlog_change(moves) -%}
    {%- for flow, sign in backlog_flows().items() %}
    {{- ' - ' if sign < 0 else (' + ' if not loop.first) }}coalesce({{ flow }}, 0)
    {%- endfor %} + coalesce(moved_in{{ moves }}, 0) - coalesce(moved_out{{ moves }}, 0)
{%- endmacro %}

{# Age bands of what is open at a month's end, by days since creation. #}
{% macro backlog_age_bands() -%}
    {%- set age = seconds_between('lasting.created_at', 'months.month_end_at') -%}
    {%- set limits = [['under_1_day', 0, 1], ['1_to_3_days', 1, 3], ['3_to_7_days', 3, 7], ['7_to_30_days', 7, 30]] -%}
    {%- set bands = {} -%}
    {%- for name, from, to in limits -%}
        {%- do bands.update({'open_' ~ name: age ~ ' >= ' ~ from * 86400 ~ ' and ' ~ age ~ ' < ' ~ to * 86400}) -%}
    {%- endfor -%}
    {%- do bands.update({'open_over_30_days': age ~ ' >= ' ~ 30 * 86400}) -%}
    {{ return(bands) }}
{%- endmacro %}


{# The flows as columns of one row: those that are given, else 0. #}
{% macro flow_columns(flows) -%}
    {%- for flow in backlog_flows() | list + backlog_moves() %}
        cast({{ flows.get(flow, '0') }} as bigint) as {{ flow }}{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# 1 where a condition holds, else 0. #}
{% macro counted_if(condition) -%} case when {{ condition }} then 1 else 0 end {%- endmacro %}
