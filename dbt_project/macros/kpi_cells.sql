{# Metrics are declared, not coded: the yml of the model that holds the rows a figure is made of lists them under
   config.meta.metrics, and these macros write the SQL. What may be declared:

     id                the id of METRICS.md, or <id>_<suffix> for a further figure of the same measure
     label, definition {en, zh}; the definition is printed in the report
     unit              rate (0-1), count, money, seconds, minutes, days, months, score, points, per_1000
     direction         up, down, none: which way is better
     kind              how rows become a figure, see kpi_kinds()
     month             DATE column, first of the local month the row belongs to
     where             optional filter on the rows
     value             expression: 0/1 or boolean (proportion), number (mean, median, p90, sum), key (distinct), 0-10 (nps)
     numerator, denominator   expressions, for ratio and poisson, share (a proportion of cases that come counted, not one
                       by one) and census (a ratio over all there is: departments, agents, hours; never too few to say)
     scopes            {region, store, channel, category, team, grade: column}; the company is always made
     dimensions        columns, made one at a time
     whole             false where only the parts by dimension mean something, true by default
     additivity        additive, distinct, ratio, quantile: whether scopes add up to the company
     window            {months or days: number or setting, of: entities} that the figure looks back over: while the history of
                       those entities is shorter, the figure says so and nothing is claimed of it
     range             [least, most] that the figure can be at all, null for an open end, where it is not that of its unit
                       (unit_ranges): no interval leaves it, and a figure beyond it is absent and told in `warnings`
     material_change   least difference worth telling, in the unit; or material_change_relative, a share of the earlier value
     target            optional number or row expression; a cell has it only where all its rows agree
     cases             optional: how many cases a row stands for, where it is no case itself; n is their sum
     stands_on         columns of the contract (entity.column) or tables that only the company can state (reference.table)
                       without which the figure means nothing, alternatives with " or " between them. A source that does not
                       give one of them adds nothing to the figure; while none does, it is absent rather than 0 or 100 %
     known_by          optional, for what no column alone shows (that a promise was moved): expression; while no row of the
                       model has it, the figure is absent
     dated             event (default), snapshot: a month-end stock or rolling window
     look_back_months  how many later months a change in a month can alter, 0 by default
     claims_change     whether months may be compared; not by default for snapshots
     disclosure        whose matter the cases are; which reports hide a figure of few of them (docs/reports.md) follows from it:
                       confidential  customers, and what they said, bought or owe: hidden in every report, with all that
                                     would tell how many they are; the default
                       operational   work (tickets, calls, orders to deliver): how many there are is no secret; what a share,
                                     a time or a mean says of few of them is for those who handle them
                       none          n counts neither people nor cases of theirs (months, attributes, departments)

   What adds up to what among figures and tables is declared beside them too, under config.meta.identities, in the language
   of reports/identities.py: suppression reads it, lest what is hidden follow from what is printed. #}


{# By kind: the expressions a declaration needs, whether n below min_n is too few to say, whether changes are tested, which
   quantile of the values it is, and as which other kind its cells are read once they are made. #}
{% macro kpi_kinds() %}
{%- do return({
    'proportion': {'needs': ['value'], 'estimated': true, 'tested': true},
    'mean': {'needs': ['value'], 'estimated': true, 'tested': true},
    'median': {'needs': ['value'], 'estimated': true, 'tested': true, 'quantile': 0.5},
    'p90': {'needs': ['value'], 'estimated': true, 'tested': true, 'quantile': 0.9},
    'nps': {'needs': ['value'], 'estimated': true, 'tested': true},
    'poisson': {'needs': ['numerator', 'denominator'], 'estimated': true, 'tested': true},
    'ratio': {'needs': ['numerator', 'denominator'], 'estimated': true, 'tested': false},
    'share': {'needs': ['numerator', 'denominator'], 'estimated': true, 'tested': true, 'like': 'proportion'},
    'census': {'needs': ['numerator', 'denominator'], 'estimated': false, 'tested': false, 'like': 'ratio'},
    'sum': {'needs': ['value'], 'estimated': false, 'tested': false},
    'count': {'needs': [], 'estimated': false, 'tested': false},
    'distinct': {'needs': ['value'], 'estimated': false, 'tested': false},
}) -%}
{% endmacro %}


{# What a figure can be at all by its unit, [least, most]; none is an open end. Money, scores and points may be anything:
   a metric of them that may not says so by `range`, as does a time that counts back. #}
{% macro unit_ranges() %}
{%- do return({
    'rate': [0, 1], 'count': [0, none], 'money': [none, none], 'seconds': [0, none], 'minutes': [0, none], 'days': [0, none],
    'months': [0, none], 'score': [none, none], 'points': [none, none], 'per_1000': [0, none],
}) -%}
{% endmacro %}

{% macro metric_range(metric) %}
{%- do return(metric.get('range', [-100, 100] if metric.kind == 'nps' else unit_ranges()[metric.unit])) -%}
{% endmacro %}


{# The months that a metric looks back over, or none. #}
{% macro metric_window_months(metric) %}
{%- if 'window' not in metric -%}{%- do return(none) -%}{%- endif -%}
{%- set declared = metric.window.get('months', metric.window.get('days')) -%}
{%- set length = declared if declared is number else var(declared) -%}
{%- do return(length if 'months' in metric.window else (length + 30) // 31) -%}
{% endmacro %}


{# Every declared metric, checked and with its defaults, ordered by area, model and place in the yml. Only at execution:
   the graph is not complete before. #}
{% macro declared_metrics(area=none) %}
{%- set metrics = [] -%}
{%- set homes = {} -%}
{%- set columns = suppliable_columns() -%}
{%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='unique_id') -%}
    {%- for metric in node.config.meta.get('metrics', []) -%}
        {%- do check_metric(metric, node, columns) -%}
        {%- if metric.id in homes -%}
            {%- do exceptions.raise_compiler_error(
                'metric ' ~ metric.id ~ ' is declared by ' ~ homes[metric.id] ~ ' and by ' ~ node.name ~ ': keep one'
            ) -%}
        {%- endif -%}
        {%- do homes.update({metric.id: node.name}) -%}
        {%- set dated = metric.get('dated', 'event') -%}
        {%- set declared = {
            'dated': dated, 'claims_change': dated == 'event', 'look_back_months': 0, 'scopes': {}, 'dimensions': [], 'whole': true,
        } -%}
        {%- do declared.update(metric) -%}
        {%- do declared.update({'model': node.name, 'area': node.fqn[2], 'of_sources': 'source_system' in node.columns}) -%}
        {%- do metrics.append(declared) if area is none or area == declared.area -%}
    {%- endfor -%}
{%- endfor -%}
{%- do return(metrics | sort(attribute='area')) -%}
{% endmacro %}


{# Stops the build where a declaration makes no sense, naming the model, the metric, the key and what would do. #}
{% macro check_metric(metric, node, suppliable, period='month') %}
{%- set where = 'model ' ~ node.name ~ ', metric ' ~ metric.get('id', '(no id)') ~ ': ' -%}
{%- set required = ['id', 'label', 'definition', 'unit', 'direction', 'kind', 'stands_on', 'additivity'] -%}
{%- do required.append('month') if period == 'month' -%}
{%- set optional = [
    'where', 'value', 'numerator', 'denominator', 'scopes', 'dimensions', 'material_change', 'material_change_relative',
    'target', 'known_by', 'dated', 'look_back_months', 'claims_change', 'whole', 'cases', 'disclosure',
    'range', 'window',
] -%}
{%- set accepted = {
    'unit': unit_ranges().keys() | list,
    'direction': ['up', 'down', 'none'],
    'kind': kpi_kinds().keys() | list,
    'additivity': ['additive', 'distinct', 'ratio', 'quantile'],
    'dated': ['event', 'snapshot'],
    'disclosure': ['confidential', 'operational', 'none'],
} -%}
{%- for key in required if key not in metric -%}
    {%- do exceptions.raise_compiler_error(where ~ key ~ ' is missing') -%}
{%- endfor -%}
{%- for key in metric if key not in required + optional -%}
    {%- do exceptions.raise_compiler_error(where ~ 'unknown key ' ~ key ~ '; known are ' ~ (required + optional) | join(', ')) -%}
{%- endfor -%}
{%- for key, values in accepted.items() if key in metric and metric[key] not in values -%}
    {%- do exceptions.raise_compiler_error(where ~ key ~ ' is ' ~ metric[key] ~ '; it may be ' ~ values | join(', ')) -%}
{%- endfor -%}
{%- for key in ['label', 'definition'] -%}
    {%- for language in ['en', 'zh'] if not metric[key][language] -%}
        {%- do exceptions.raise_compiler_error(where ~ key ~ ' is not given in ' ~ language) -%}
    {%- endfor -%}
{%- endfor -%}
{%- set kind = kpi_kinds()[metric.kind] -%}
{%- for key in kind.needs if key not in metric -%}
    {%- do exceptions.raise_compiler_error(where ~ 'kind ' ~ metric.kind ~ ' needs ' ~ key) -%}
{%- endfor -%}
{%- if kind.tested and metric.get('claims_change', metric.get('dated') != 'snapshot')
    and 'material_change' not in metric and 'material_change_relative' not in metric -%}
    {%- do exceptions.raise_compiler_error(where ~ 'give material_change or material_change_relative, or claims_change: false') -%}
{%- endif -%}
{%- if 'window' in metric and (
    not metric.window.get('of') or ('months' in metric.window) == ('days' in metric.window) or metric.window | length != 2
) -%}
    {%- do exceptions.raise_compiler_error(where ~ 'window is ' ~ metric.window ~ '; give {months or days: number or setting, of: [entities]}') -%}
{%- endif -%}
{%- set ends = metric.get('range', [none, none]) -%}
{%- if ends is not sequence or ends is string or ends | length != 2
    or (ends[0] is not none and ends[1] is not none and ends[0] >= ends[1]) -%}
    {%- do exceptions.raise_compiler_error(where ~ 'range is ' ~ ends ~ '; give [least, most], null for an open end') -%}
{%- endif -%}
{%- if 'quantile' in kind and 'cases' in metric -%}
    {%- do exceptions.raise_compiler_error(where ~ 'n of a ' ~ metric.kind ~ ' is its values, so it takes no cases') -%}
{%- endif -%}
{%- if metric.get('whole') is false and not metric.get('dimensions') -%}
    {%- do exceptions.raise_compiler_error(where ~ 'whole is false, so it needs dimensions') -%}
{%- endif -%}
{%- set scope_types = var('scope_types') -%}
{%- for scope in metric.get('scopes', {}) if scope not in scope_types -%}
    {%- do exceptions.raise_compiler_error(where ~ 'unknown scope ' ~ scope ~ '; it may be ' ~ scope_types | join(', ')) -%}
{%- endfor -%}
{%- for need in metric.stands_on -%}
    {%- for column in need.split(' or ') if column not in suppliable -%}
        {%- do exceptions.raise_compiler_error(
            where ~ 'stands_on names ' ~ column ~ ', which is neither a column of the contract nor a reference table to state'
        ) -%}
    {%- endfor -%}
{%- endfor -%}
{%- set named = metric.get('dimensions', []) -%}
{%- set named = [metric.month] + metric.get('scopes', {}).values() | list + named if period == 'month' else named -%}
{%- for column in named if column not in node.columns -%}
    {%- do exceptions.raise_compiler_error(where ~ node.name ~ ' documents no column ' ~ column ~ ' in its yml') -%}
{%- endfor -%}
{% endmacro %}


{# What a figure may stand on: columns of the contract, and the reference tables that only the company can state. #}
{% macro suppliable_columns() %}
{%- set found = [] -%}
{%- for table in graph.sources.values() if table.source_name == 'raw' -%}
    {%- for column in table.columns -%}{%- do found.append(table.name ~ '.' ~ column) -%}{%- endfor -%}
{%- endfor -%}
{%- for seed in stated_tables() -%}{%- do found.append('reference.' ~ seed) -%}{%- endfor -%}
{%- do return(found) -%}
{% endmacro %}

{# Names of the reference tables that ship empty, for the company to state. #}
{% macro stated_tables() %}
{%- set found = [] -%}
{%- for node in graph.nodes.values() if node.resource_type == 'seed' and node.config.meta.get('stated_by_company') -%}
    {%- do found.append(node.name) -%}
{%- endfor -%}
{%- do return(found | sort) -%}
{% endmacro %}


{# One row per month, scope, metric and dimension value of an area: figures as sums that estimates and tests start from.
   The calling model names the models it stands on in comments, `depends_on:` with a ref each; dbt stops it otherwise. #}
{% macro kpi_cells(area) %}
{%- set months = ref('int_core__months') -%}
{%- set metrics = declared_metrics(area) if execute else [] -%}
{%- set columns = 'month, scope_type, scope_id, metric_id, dimension, dimension_value, n, numerator, denominator, sum_squares' -%}
with months as (
    select month, is_complete
    from {{ months }}
),

latest as (
    select
        max(month) as month,
        max(case when is_complete then month end) as complete_month
    from months
),

-- dimensions only where a report looks: the latest and the latest complete month, those before and a year before them
dimension_months as (
    select months.month
    from months
    cross join latest
    where months.month in (
        latest.month,
        {{ add_months('latest.month', -12) }},
        latest.complete_month,
        {{ add_months('latest.complete_month', -1) }},
        {{ add_months('latest.complete_month', -12) }}
    )
),

supplied as (
    select
        metric_id,
        source_system
    from {{ ref('int_core__metric_sources') }}
    where is_supplied
)
{%- for metric in metrics %},

{{ kpi_metric_ctes(metric) }}
{%- endfor %},

cells as (
    {%- for metric in metrics %}
    {%- set outer = loop %}
    {%- for cells in kpi_cell_ctes(metric) %}
    select {{ columns }}, quantile, in_order, value, target from {{ cells }}
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
    {%- else %}
    select
        cast(null as date) as month,
        {{ kpi_no_cell() | indent(8) }},
        cast(null as decimal(28, 8)) as target
    from months
    where 1 = 0
    {%- endfor %}
)

select
    {%- for column in columns.split(', ') %}
    {{ column }},
    {%- endfor %}
    {{ kpi_read_off() }},
    target
from cells
{% endmacro %}


{# The rows of one metric and their cells, per scope and per scope and dimension. #}
{% macro kpi_metric_ctes(metric) %}
{{ metric.id }}__rows as (
    select
        cast({{ metric.month }} as date) as month,
        {{ kpi_row_columns(metric) | indent(8) }},
        {{ measure(metric.get('target', 'null')) }} as target
    from {{ ref(metric.model) }}
    where
        {{ metric.month }} is not null
        {%- if metric.where %}
        and ({{ metric.where }})
        {%- endif %}
        and {{ is_supplied(metric) }}
        {%- if metric.known_by %}
        and (select count({{ metric.known_by }}) from {{ ref(metric.model) }}) > 0
        {%- endif %}
)
{%- for cells, dimensions in kpi_cell_ctes(metric).items() %},

{{ cells }} as (
    {{ kpi_aggregate(metric, dimensions) | indent(4) }}
)
{%- endfor %}
{%- endmacro %}


{# Condition that a row comes from a source that gives what the metric stands on; of rows of no one source, that some does.
   `supplied` are the metrics and sources of which that holds. #}
{% macro is_supplied(metric) -%}
{%- set of_metric = "from supplied where metric_id = '" ~ metric.id ~ "'" -%}
{%- if metric.of_sources -%}
source_system in (select source_system {{ of_metric }})
{%- else -%}
(select count(*) {{ of_metric }}) > 0
{%- endif -%}
{%- endmacro %}


{# The dimensions of each set of cells of a metric by its name: none for the whole scopes. #}
{% macro kpi_cell_ctes(metric) %}
{%- set ctes = {} -%}
{%- do ctes.update({metric.id ~ '__cells': [none]}) if metric.whole -%}
{%- do ctes.update({metric.id ~ '__dimension_cells': metric.dimensions}) if metric.dimensions -%}
{%- do return(ctes) -%}
{% endmacro %}


{# Scopes, dimensions and measures of the rows of a metric, of months and of days alike. #}
{% macro kpi_row_columns(metric) -%}
{%- for scope, column in metric.scopes.items() -%}
cast({{ column }} as {{ text_type() }}) as scope_{{ scope }},
{% endfor -%}
{%- for column in metric.dimensions -%}
cast({{ column }} as {{ text_type() }}) as dimension_{{ column }},
{% endfor -%}
{%- if metric.cases -%}
{{ metric.cases }} as cases,
{% endif -%}
{%- if 'numerator' in kpi_kinds()[metric.kind].needs -%}
{{ measure(metric.numerator) }} as numerator,
{{ measure(metric.denominator) }} as denominator
{%- else -%}
{{ kpi_row_value(metric) }} as value
{%- endif -%}
{%- endmacro %}


{# What an aggregation over those rows, `cells`, says: scope, metric, dimension and sums. A dimension of none means the
   whole scope. #}
{% macro kpi_cell_columns(metric, dimensions) -%}
{{ scope_columns(kpi_grouped(metric, dimensions).scopes) }},
'{{ metric.id }}' as metric_id,
{% if dimensions != [none] -%}
case
    {%- for column in dimensions %}
    when grouping(dimension_{{ column }}) = 0 then '{{ column }}'
    {%- endfor %}
end as dimension,
coalesce({{ kpi_grouped(metric, dimensions).splits | join(', ') }}) as dimension_value,
{%- else -%}
'' as dimension,
'' as dimension_value,
{%- endif %}
{{ kpi_aggregates(metric) }}
{%- endmacro %}


{# And what it is grouped by: `keys`, over the scopes, split by each dimension in turn. #}
{% macro kpi_group_by(metric, keys, dimensions) -%}
{%- set grouped = kpi_grouped(metric, dimensions) -%}
{{ group_by_scope(grouped.scopes, keys, grouped.splits) }}
{%- endmacro %}


{# Scope columns by type, and the columns to split by. #}
{% macro kpi_grouped(metric, dimensions) %}
{%- set scopes = {} -%}
{%- for scope in metric.scopes -%}{%- do scopes.update({scope: 'scope_' ~ scope}) -%}{%- endfor -%}
{%- set splits = [] -%}
{%- for column in dimensions -%}{%- do splits.append('dimension_' ~ column if column else none) -%}{%- endfor -%}
{%- do return({'scopes': scopes, 'splits': splits}) -%}
{% endmacro %}


{% macro kpi_aggregate(metric, dimensions) -%}
select
    cells.month,
    {{ kpi_cell_columns(metric, dimensions) | indent(4) }},
    {{ measure('case when min(target) = max(target) and count(target) = count(*) then max(target) end') }} as target
from {{ metric.id }}__rows as cells
inner join {{ 'months' if dimensions == [none] else 'dimension_months' }} as kept on cells.month = kept.month
{{ kpi_group_by(metric, ['cells.month'], dimensions) }}
{%- endmacro %}


{# What one row contributes. #}
{% macro kpi_row_value(metric) %}
{%- if metric.kind == 'proportion' -%} {{ to_int('cast(' ~ metric.value ~ ' as boolean)') }}
{%- elif metric.kind == 'nps' -%} {{ nps_vote(metric.value) }}
{%- elif metric.kind in ('mean', 'sum') -%} {{ measure(metric.value) }}
{%- elif metric.kind in ('median', 'p90') -%} cast({{ metric.value }} as double)
{%- elif metric.kind == 'distinct' -%} {{ metric.value }}
{%- elif metric.kind == 'count' -%} 1
{%- endif -%}
{% endmacro %}


{# n, numerator, denominator, sum of squares and value of a cell by kind; of a median or quantile its values in order. #}
{% macro kpi_aggregates(metric) %}
{%- set per = 1000 if metric.unit == 'per_1000' else 1 -%}
{%- set by_kind = {
    'proportion': ['count(value)', 'coalesce(sum(value), 0)', 'count(value)', 'coalesce(sum(value), 0)',
        divide('sum(value)', 'count(value)')],
    'mean': ['count(value)', 'sum(value)', 'count(value)', 'sum(' ~ measure_squared('value') ~ ')',
        divide('sum(value)', 'count(value)')],
    'nps': ['count(value)', 'sum(value)', 'count(value)', 'sum(value * value)', '100 * ' ~ divide('sum(value)', 'count(value)')],
    'median': ['count(value)', 'null', 'null', 'null', 'null'],
    'p90': ['count(value)', 'null', 'null', 'null', 'null'],
    'sum': ['count(value)', 'null', 'null', 'null', 'sum(value)'],
    'count': ['count(*)', 'null', 'null', 'null', 'count(*)'],
    'distinct': ['count(value)', 'null', 'null', 'null', 'count(distinct value)'],
    'ratio': ['count(denominator)', 'sum(numerator)', 'sum(denominator)', 'null',
        per ~ ' * ' ~ divide('sum(numerator)', 'sum(denominator)')],
    'census': ['count(denominator)', 'sum(numerator)', 'sum(denominator)', 'null',
        per ~ ' * ' ~ divide('sum(numerator)', 'sum(denominator)')],
    'share': ['round(sum(denominator), 0)', 'sum(numerator)', 'sum(denominator)', 'null',
        divide('sum(numerator)', 'sum(denominator)')],
    'poisson': ['round(sum(denominator), 0)', 'sum(numerator)', 'sum(denominator)', 'null',
        per ~ ' * ' ~ divide('sum(numerator)', 'sum(denominator)')],
}[metric.kind] -%}
cast({{ 'sum(cases)' if metric.cases else by_kind[0] }} as bigint) as n,
{{ measure(by_kind[1]) }} as numerator,
{{ measure(by_kind[2]) }} as denominator,
cast({{ by_kind[3] }} as decimal(38, 8)) as sum_squares,
cast({{ kpi_kinds()[metric.kind].get('quantile', 'null') }} as double) as quantile,
{{ sorted_values('value') if 'quantile' in kpi_kinds()[metric.kind] else 'cast(null as ' ~ numbers_type() ~ ')' }} as in_order,
{#- a rate whose cases all lie in other cells is told of none #}
cast({{ 'case when sum(cases) > 0 then ' ~ by_kind[4] ~ ' end' if metric.cases and metric.kind == 'ratio' and metric.unit == 'rate' else by_kind[4] }} as double) as value
{%- endmacro %}


{# The columns of a cell, empty: what an area without any figure selects no row of. #}
{% macro kpi_no_cell() -%}
cast(null as {{ text_type() }}) as scope_type,
cast(null as {{ text_type() }}) as scope_id,
cast(null as {{ text_type() }}) as metric_id,
cast(null as {{ text_type() }}) as dimension,
cast(null as {{ text_type() }}) as dimension_value,
cast(null as bigint) as n,
cast(null as decimal(28, 8)) as numerator,
cast(null as decimal(28, 8)) as denominator,
cast(null as decimal(38, 8)) as sum_squares,
cast(null as double) as quantile,
cast(null as {{ numbers_type() }}) as in_order,
cast(null as double) as value
{%- endmacro %}


{# What is read off the values in order, for all cells at once: the ends of the interval of a median or quantile, and itself. #}
{% macro kpi_read_off() -%}
{%- set quantiles = kpi_kinds().values() | selectattr('quantile', 'defined') | map(attribute='quantile') | list -%}
{%- for side in ['low', 'high'] -%}
case quantile
        {%- for q in quantiles %}
        when {{ q }}e0 then {{ quantile_end('in_order', 'n', q, side) | indent(8) }}
        {%- endfor %}
    end as rank_{{ side }},
    {% endfor -%}
case
        {%- for q in quantiles %}
        when quantile = {{ q }}e0 then {{ quantile_in_order('in_order', 'n', q) }}
        {%- endfor %}
        else value
    end as value
{%- endmacro %}


{# The value that begins (ends) the interval of a quantile of n values in order; null where they are too few for one. #}
{% macro quantile_end(in_order, n, q, side) -%}
case
    when {{ quantile_place(n, q, 'low') }} >= 1 and {{ quantile_place(n, q, 'high') }} <= {{ n }}
        then {{ value_at(in_order, quantile_place(n, q, side)) }}
end
{%- endmacro %}

{# The quantile itself, interpolated as quantile() does. #}
{% macro quantile_in_order(in_order, n, q) -%}
{%- set place = '((' ~ n ~ ' - 1) * ' ~ q ~ 'e0 + 1e0)' -%}
{%- set below = value_at(in_order, 'cast(floor(' ~ place ~ ') as bigint)') -%}
{%- set above = value_at(in_order, 'cast(ceil(' ~ place ~ ') as bigint)') -%}
{{ below }} + ({{ place }} - floor({{ place }})) * ({{ above }} - {{ below }})
{%- endmacro %}


{# One row per declared metric: how it is called, defined and judged. #}
{% macro metric_definition_rows(metrics, more={}) %}
{%- set columns = {
    'metric_id': text_type(), 'area': text_type(), 'model': text_type(), 'label_en': text_type(), 'label_zh': text_type(),
    'definition_en': text_type(), 'definition_zh': text_type(), 'unit': text_type(), 'direction': text_type(),
    'kind': text_type(), 'additivity': text_type(), 'dated': text_type(), 'look_back_months': 'integer',
    'claims_change': 'boolean', 'is_estimate': 'boolean', 'disclosure': text_type(),
    'material_change': 'decimal(28, 8)', 'material_change_relative': 'decimal(28, 8)',
    'range_low': 'decimal(28, 8)', 'range_high': 'decimal(28, 8)', 'window_months': 'integer',
} -%}
select
    {%- for column, data_type in columns.items() %}
    cast(declared.{{ column }} as {{ data_type }}) as {{ column }},
    {%- endfor %}
    {%- for column, value in more.items() %}
    {{ value }} as {{ column }},
    {%- endfor %}
    lineage.made_of
from (
    values
    {%- for metric in metrics %}
    (
        {{ dbt.string_literal(metric.id) }},
        {{ dbt.string_literal(metric.area) }},
        {{ dbt.string_literal(metric.model) }},
        {{ dbt.string_literal(dbt.escape_single_quotes(metric.label.en)) }},
        {{ dbt.string_literal(dbt.escape_single_quotes(metric.label.zh)) }},
        {{ dbt.string_literal(dbt.escape_single_quotes(metric.definition.en)) }},
        {{ dbt.string_literal(dbt.escape_single_quotes(metric.definition.zh)) }},
        {{ dbt.string_literal(metric.unit) }},
        {{ dbt.string_literal(metric.direction) }},
        {{ dbt.string_literal(kpi_kinds()[metric.kind].get('like', metric.kind)) }},
        {{ dbt.string_literal(metric.additivity) }},
        {{ dbt.string_literal(metric.dated) }},
        {{ metric.look_back_months }},
        {{ metric.claims_change and kpi_kinds()[metric.kind].tested }},
        {{ kpi_kinds()[metric.kind].estimated }},
        {{ dbt.string_literal(metric.get('disclosure', 'confidential')) }},
        {{ measure(metric.get('material_change', 'null')) }},
        {{ measure(metric.get('material_change_relative', 'null')) }},
        {{ measure(metric_range(metric)[0] if metric_range(metric)[0] is not none else 'null') }},
        {{ measure(metric_range(metric)[1] if metric_range(metric)[1] is not none else 'null') }},
        {{ metric_window_months(metric) if metric_window_months(metric) is not none else 'null' }}
    ){{ ',' if not loop.last }}
    {%- else %}
    ({%- for column in columns %}null{{ ', ' if not loop.last }}{%- endfor %})
    {%- endfor %}
) as declared ({{ columns | join(', ') }})
left join {{ ref('metric_lineage') }} as lineage on declared.metric_id = lineage.metric_id
where declared.metric_id is not null
{% endmacro %}
