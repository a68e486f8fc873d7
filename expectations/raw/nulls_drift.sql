{#- One row per optional column of a supplied entity: its share of nulls in the newest delivery against those before it. -#}
{%- from '_drift.sql' import judged -%}
{%- set asked = supplies | selectattr('optional') | list -%}
{%- if asked %}
with

counted as (
    {%- for supply in asked %}
    select
        '{{ supply.entity.name }}' as entity,
        source_system,
        load_date,
        count(*) as rows_loaded,
        unnest([
            {%- for column in supply.optional %}
            {'column_name': '{{ column }}', 'nulls': count(*) - count({{ column | quote }})}{{ "," if not loop.last }}
            {%- endfor %}
        ], recursive := true)
    from work.raw.{{ supply.entity.name }}
    where source_system = {{ supply.source_system | literal }}
    group by source_system, load_date
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

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
