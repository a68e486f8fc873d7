-- depends_on: {{ ref('int_core__metric_sources') }}
-- depends_on: {{ ref('int_service__backlog_flows') }}
-- depends_on: {{ ref('int_service__failures') }}
-- depends_on: {{ ref('int_service__open_tickets') }}
-- depends_on: {{ ref('fct_ticket') }}
-- depends_on: {{ ref('first_reply') }}
-- depends_on: {{ ref('sla') }}
-- depends_on: {{ ref('calls') }}
-- depends_on: {{ ref('csat') }}
-- depends_on: {{ ref('fct_order') }}
{# Cells as metric_cells makes them of months, per day and reading: the day itself, or what is usual on it. Adds from when until when a
   figure is known. #}
{%- set metrics = declared_daily_metrics() if execute else [] -%}
with deliveries as (
    select
        entity,
        max(load_date) as last_load_date,
        coalesce(sum(rows_loaded), 0) > 0 as is_supplied
    from {{ source('control', 'loads') }}
    where status = 'loaded'
    group by entity
),

kept_days as (
    {{ kept_days() | indent(4) }}
),

-- a row speaks for its own day, and as one of the usual ones for that weekday in the weeks after it
readings as (
    select
        day as happened_on,
        day as reported_on,
        false as is_usual
    from kept_days
    {%- for week in range(1, var('usual_weeks') + 1) %}
    union all
    select
        {{ add_days('day', -7 * week) }} as happened_on,
        day as reported_on,
        true as is_usual
    from kept_days
    {%- endfor %}
),

{{ supplied_ctes(metrics) }},
{%- set known %}
known as (
    {%- for metric in metrics %}
    select
        '{{ metric.id }}' as metric_id,
        min(case when {{ metric.id }}__row = 1 then happened_on end) as known_from,
        (
            select min(last_load_date)
            from deliveries
            where is_supplied and entity in ('{{ metric.entities | join("', '") }}')
        ) as known_until
    from {{ metric.block }}__rows
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as {{ text_type() }}) as metric_id,
        cast(null as date) as known_from,
        cast(null as date) as known_until
    {%- endfor %}
)
{%- endset %}
{{ metric_blocks(metrics, {'day': 'date', 'is_usual': 'boolean'}, more_cte=known) }}
