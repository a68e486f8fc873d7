{# Daily figures are declared beside the rows they are made of, under config.meta.daily_metrics of that model, in the
   language of kpi_cells.sql. What differs:

     day        column (or expression) of the moment or date a row belongs to; a timestamp belongs to its local day
     like       a metric of kpi_monthly: what is not said here is as declared there, so no rule is written twice
     label, definition {en, zh}; always its own, because those of a month speak of a month
     entities   those that come every day: a day is known up to the last delivery of all of them
     scopes     region and store alone; columns may be expressions. No digest is made for a region: small cells are found
                over the same scopes as in the monthly report, so that the two agree on what they hide

   A figure of a day stands beside what is usual: the same figure of the same weekday in the weeks before, taken together. #}


{# Every declared daily metric with its defaults, ordered by area, model and place in the yml. Only at execution. #}
{% macro declared_daily_metrics() %}
{%- set monthly = {} -%}
{%- for metric in declared_metrics() -%}{%- do monthly.update({metric.id: metric}) -%}{%- endfor -%}
{%- set metrics = [] -%}
{%- set homes = {} -%}
{%- set columns = suppliable_columns() -%}
{%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='unique_id') -%}
    {%- for metric in node.config.meta.get('daily_metrics', []) -%}
        {%- set where = 'model ' ~ node.name ~ ', daily metric ' ~ metric.get('id', metric.get('like', '(no id)')) ~ ': ' -%}
        {%- if 'like' in metric and metric.like not in monthly -%}
            {%- do exceptions.raise_compiler_error(where ~ 'no metric is called ' ~ metric.like) -%}
        {%- endif -%}
        {%- set daily = {'id': metric.get('like'), 'month': metric.get('day'), 'where': none, 'whole': true} -%}
        {%- if 'like' in metric -%}
            {%- for key, value in monthly[metric.like].items() if key not in ('month', 'dimensions', 'label', 'definition', 'window') -%}
                {%- do daily.update({key: value}) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do daily.update(metric) -%}
        {%- for key in ['day', 'label', 'definition', 'entities'] if not metric.get(key) -%}
            {%- do exceptions.raise_compiler_error(where ~ key ~ ' is missing') -%}
        {%- endfor -%}
        {%- set kept = {} -%}
        {%- for scope in ['region', 'store'] if scope in daily.get('scopes', {}) -%}
            {%- do kept.update({scope: daily.scopes[scope]}) -%}
        {%- endfor -%}
        {%- do daily.update({
            'model': node.name, 'area': node.fqn[2], 'of_sources': 'source_system' in node.columns, 'scopes': kept, 'dimensions': metric.get('dimensions', []),
            'dated': 'snapshot' if daily.get('dated') == 'snapshot' else 'event', 'look_back_months': 0,
        }) -%}
        {%- do daily.update({'claims_change': daily.get('claims_change', daily.dated == 'event')}) -%}
        {%- set checked = {} -%}
        {%- for key, value in daily.items() if key not in ('like', 'day', 'model', 'area', 'month', 'entities', 'of_sources') and value is not none -%}
            {%- do checked.update({key: value}) -%}
        {%- endfor -%}
        {%- do check_metric(checked, node, columns, period='day') -%}
        {%- if daily.id in homes -%}
            {%- do exceptions.raise_compiler_error(where ~ homes[daily.id] ~ ' declares it too: keep one') -%}
        {%- endif -%}
        {%- do homes.update({daily.id: node.name}) -%}
        {%- do metrics.append(daily) -%}
    {%- endfor -%}
{%- endfor -%}
{%- do return(metrics | sort(attribute='area')) -%}
{% endmacro %}


{# The local day of a row: of a moment its day in the reporting zone, of a date the date. #}
{% macro daily_day(metric) %}
{%- set columns = graph.nodes.values() | selectattr('name', 'equalto', metric.model) | map(attribute='columns') | first -%}
{%- set type = columns[metric.day].data_type if metric.day in columns else 'timestamp' -%}
{{ 'cast(' ~ metric.day ~ ' as date)' if type == 'date' else local_date(metric.day) }}
{%- endmacro %}


{# One row per day, scope, metric, dimension value and reading (the day itself, or what is usual on it): sums that figures
   and tests start from. The calling model names the models it stands on in comments. #}
{% macro kpi_daily_cells() %}
{%- set loads = source('control', 'loads') -%}
{%- set metrics = declared_daily_metrics() if execute else [] -%}
{%- set columns = 'day, is_usual, scope_type, scope_id, metric_id, dimension, dimension_value, n, numerator, denominator, sum_squares' -%}
with kept_days as (
    {{ kept_days() | indent(4) }}
),

deliveries as (
    select
        entity,
        max(load_date) as last_load_date,
        coalesce(sum(rows_loaded), 0) > 0 as is_supplied
    from {{ loads }}
    where status = 'loaded'
    group by entity
),

supplied as (
    select
        metric_id,
        source_system
    from {{ ref('int_core__metric_sources') }}
    where is_supplied
),

-- a row speaks for its own day, and as one of the usual ones for that weekday in the weeks after it
readings as (
    select
        false as is_usual,
        0 as days_on
    {%- for week in range(1, var('usual_weeks') + 1) %}
    union all
    select
        true as is_usual,
        {{ week * 7 }} as days_on
    {%- endfor %}
),

bounds as (
    select
        {{ add_days('min(day)', -7 * var('usual_weeks')) }} as first_day,
        max(day) as last_day
    from kept_days
)
{%- for metric in metrics %},

{{ daily_metric_ctes(metric) }}
{%- endfor %},

known as (
    {%- for metric in metrics %}
    select
        '{{ metric.id }}' as metric_id,
        min(happened_on) as known_from,
        (
            select min(last_load_date)
            from deliveries
            where is_supplied and entity in ('{{ metric.entities | join("', '") }}')
        ) as known_until
    from {{ metric.id }}__rows
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as {{ text_type() }}) as metric_id,
        cast(null as date) as known_from,
        cast(null as date) as known_until
    {%- endfor %}
),

in_order_cells as (
    {%- for metric in metrics %}
    {%- set outer = loop %}
    {%- for cells in kpi_cell_ctes(metric) %}
    select {{ columns }}, quantile, in_order, value from {{ cells }}
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
    {%- else %}
    select
        cast(null as date) as day,
        cast(null as boolean) as is_usual,
        {{ kpi_no_cell() | indent(8) }}
    {%- endfor %}
),

cells as (
    select
        {%- for column in columns.split(', ') %}
        {{ column }},
        {%- endfor %}
        {{ kpi_read_off() | indent(4) }}
    from in_order_cells
)

select
    {%- for column in columns.split(', ') + ['rank_low', 'rank_high', 'value'] %}
    cells.{{ column }},
    {%- endfor %}
    known.known_from,
    known.known_until
from cells
inner join known on cells.metric_id = known.metric_id
{% endmacro %}


{# Days of which daily figures are kept, up to the last local day the run speaks of. #}
{% macro kept_days() -%}
select {{ day_series(add_days('as_of_date', 1 - var('daily_history_days')), 'as_of_date') }} as day
from {{ source('control', 'run') }}
{%- endmacro %}


{# The rows of one metric with their day, and their cells, per scope and per scope and dimension. #}
{% macro daily_metric_ctes(metric) %}
{%- set day = daily_day(metric) -%}
{{ metric.id }}__rows as (
    select
        {{ day }} as happened_on,
        {{ kpi_row_columns(metric) | indent(8) }}
    from {{ ref(metric.model) }}
    cross join bounds
    where
        {{ day }} between bounds.first_day and bounds.last_day
        {%- if metric.where %}
        and ({{ metric.where }})
        {%- endif %}
        and {{ is_supplied(metric) }}
)
{%- for cells, dimensions in kpi_cell_ctes(metric).items() %},

{{ cells }} as (
    {{ daily_aggregate(metric, dimensions) | indent(4) }}
)
{%- endfor %}
{%- endmacro %}


{% macro daily_aggregate(metric, dimensions) -%}
select
    kept_days.day,
    readings.is_usual,
    {{ kpi_cell_columns(metric, dimensions) | indent(4) }}
from {{ metric.id }}__rows as cells
cross join readings
inner join kept_days on {{ add_days('cells.happened_on', 'readings.days_on') }} = kept_days.day
{{ kpi_group_by(metric, ['kept_days.day', 'readings.is_usual'], dimensions) }}
{%- endmacro %}
