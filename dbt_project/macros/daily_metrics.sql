{# Daily figures are declared beside the rows they are made of, under config.meta.daily_metrics of that model, in the
   language of metric_declarations.sql. What differs:

     day        column (or expression) of the moment or date a row belongs to; a timestamp belongs to its local day
     like       a metric of kpi_monthly: what is not said here is as declared there, so no rule is written twice
     label, definition in English, always its own, because those of a month speak of a month
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
            {%- for key, value in monthly[metric.like].items() if key not in ('month', 'dimensions', 'label', 'definition', 'window', 'target') -%}
                {%- do daily.update({key: value}) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do daily.update(metric) -%}
        {%- do daily.update({'scopes': metric_scopes(metric, node)}) if 'scopes' in metric or 'like' not in metric -%}
        {%- for key in ['day', 'label', 'definition', 'entities'] if not metric.get(key) -%}
            {%- do exceptions.raise_compiler_error(where ~ key ~ ' is missing') -%}
        {%- endfor -%}
        {%- set kept = {} -%}
        {%- for scope in ['region', 'store'] if scope in daily.get('scopes', {}) -%}
            {%- do kept.update({scope: daily.scopes[scope]}) -%}
        {%- endfor -%}
        {%- do daily.update({
            'model': node.name, 'area': node.fqn[2], 'of_sources': 'source_system' in node.columns, 'scopes': kept,
            'dimensions': metric.get('dimensions', []),
            'block': metric_block_name(node.name, daily.day, node.config.meta.daily_metrics | map(attribute='day')),
            'dated': 'snapshot' if daily.get('dated') == 'snapshot' else 'event', 'look_back_months': 0,
        }) -%}
        {%- do daily.update({'claims_change': daily.get('claims_change', daily.dated == 'event')}) -%}
        {%- set checked = {} -%}
        {%- for key, value in daily.items() if key not in ('like', 'day', 'model', 'area', 'month', 'entities', 'of_sources', 'block') and value is not none -%}
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


{# Days of which daily figures are kept, up to the last local day the run speaks of. #}
{% macro kept_days() -%}
select {{ day_series(add_days('as_of_date', 1 - var('daily_history_days')), 'as_of_date') }} as day
from {{ source('control', 'run') }}
{%- endmacro %}
