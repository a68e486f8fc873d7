{# What an open ticket belongs to and may move between; each is a scope of the backlog. #}
{% macro backlog_attributes() -%}
    {{ return(['region', 'store_id', 'channel', 'category', 'team']) }}
{%- endmacro %}

{# Flows of the backlog other than moves, with the sign by which they change it. `untimed` has its own sign: what came in
   without a reported status or was first shown open or closed by a load, see int_service__backlog_flows. #}
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

{# The flows as columns of one row: those that are given, else 0. #}
{% macro flow_columns(flows) -%}
    {%- for flow in backlog_flows() | list + backlog_moves() %}
        cast({{ flows.get(flow, '0') }} as bigint) as {{ flow }}{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# 1 where a condition holds, else 0. #}
{% macro counted_if(condition) -%} case when {{ condition }} then 1 else 0 end {%- endmacro %}
