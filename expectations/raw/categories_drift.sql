{#- One row per value that a column of a supplied entity may have by the contract: its share in the newest delivery against those before. -#}
{%- from '_drift.sql' import judged -%}
{%- set asked = supplies | selectattr('categories') | list -%}
{%- if asked %}
with

counted as (
    {%- for supply in asked %}
    select
        '{{ supply.entity.name }}' as entity,
        source_system,
        load_date,
        unnest([
            {%- for column, value in supply.categories %}
            {
                'column_name': '{{ column }}', 'category': {{ value | literal }},
                'rows_loaded': count({{ column | quote }}),
                'hits': count(*) filter ({{ column | quote }} = {{ value | literal }})
            }{{ "," if not loop.last }}
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
        entity || '.' || column_name || ' = ' || category || ' of ' || source_system as subject,
        load_date,
        rows_loaded,
        hits / rows_loaded as value,
        sqrt(hits / rows_loaded * (1 - hits / rows_loaded) / rows_loaded) as noise
    from counted
    where rows_loaded > 0
),

{% call judged(limits) %}{{ limits.min_drift }}{% endcall %}
{%- endif %}
