{#- One row per supplied entity and source: rows of its newest delivery against those before it, of the same load mode. -#}
{%- from '_drift.sql' import judged -%}
with

loaded as (
    select
        entity || ' of ' || source_system as subject,
        load_date,
        rows_loaded,
        load_mode,
        last(load_mode order by load_date) over (partition by entity, source_system) as newest_mode
    from work.control.loads
    where status = 'loaded'
),

-- chance alone makes the root of a count of it
measured as (
    select
        subject,
        load_date,
        rows_loaded,
        rows_loaded as value,
        sqrt(rows_loaded) as noise
    from loaded
    where load_mode = newest_mode
),

{% call judged(limits) %}{{ limits.min_change }} * middle, {{ limits.slack_rows }}{% endcall %}
