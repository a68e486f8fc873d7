{#- Rows and nulls of each optional column, by source and delivery. -#}
{% macro counted(asked) -%}
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
{%- endmacro %}
