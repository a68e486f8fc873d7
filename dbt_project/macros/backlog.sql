{# What an open ticket belongs to and may move between; each is a scope of the backlog. #}
{% macro backlog_attributes() -%}
    {{ return(['region', 'store_id', 'channel', 'category', 'team']) }}
{%- endmacro %}

{# Flows of the backlog other than moves. #}
{% macro backlog_flows() -%} {{ return(['received', 'reopened', 'solved', 'removed']) }} {%- endmacro %}

{# Moves: between any two cells, and per attribute those that change it. #}
{% macro backlog_moves() -%}
    {%- set moves = ['moved_in', 'moved_out'] -%}
    {%- for attribute in backlog_attributes() -%}
        {%- do moves.append('moved_in_' ~ attribute | replace('_id', '')) -%}
        {%- do moves.append('moved_out_' ~ attribute | replace('_id', '')) -%}
    {%- endfor -%}
    {{ return(moves) }}
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


{# The flows as columns of one row: 1 where a flow is given a condition that holds, else 0. #}
{% macro flow_columns(conditions) -%}
    {%- for flow in backlog_flows() + backlog_moves() %}
        cast({{ "case when " ~ conditions[flow] ~ " then 1 else 0 end" if flow in conditions else "0" }} as bigint) as {{ flow }}{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
