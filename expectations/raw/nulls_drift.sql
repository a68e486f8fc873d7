{#- One row per optional column of a supplied entity: its share of nulls in the newest delivery against those before it. -#}
{%- from '_drift.sql' import judged -%}
{%- from '_nulls.sql' import counted with context -%}
{%- set asked = supplies | selectattr('optional') | list -%}
{%- if asked %}
with

{{ counted(asked) }}

measured as (
    select
        entity || '.' || column_name || ' of ' || source_system as subject,
        load_date,
        rows_loaded,
        nulls / rows_loaded as value,
        sqrt(nulls / rows_loaded * (1 - nulls / rows_loaded) / rows_loaded) as noise
    from counted
),

{% call judged(limits) %}{{ limits.min_drift }}{% endcall %}
{%- endif %}
