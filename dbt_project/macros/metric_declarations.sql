{# Metrics are declared, not coded: the yml of the model that holds the rows a figure is made of lists them under
   config.meta.metrics, and metric_cells.sql writes the SQL. What may be declared:

     id                the id of METRICS.md, or <id>_<suffix> for a further figure of the same measure
     label, definition in English, both printed in the report; other languages are catalogues (reports/locales)
     unit              rate (0-1), count, money, seconds, minutes, days, months, score, points, per_1000
     direction         up, down, none: which way is better
     kind              how rows become a figure, see kpi_kinds()
     month             DATE column, first of the local month the row belongs to
     where             optional filter on the rows
     value             expression: 0/1 or boolean (proportion), number (mean, median, p90, sum), key (distinct), 0-10 (nps)
     numerator, denominator   expressions, for ratio and poisson, share (a proportion of cases that come counted, not one
                       by one) and census (a ratio over all there is: departments, agents, hours; never too few to say)
     scopes            some of those of the model, where it is not reported for all: [region, store]
     dimensions        columns, made one at a time
     whole             false where only the parts by dimension mean something, true by default
     additivity        additive, distinct, ratio, quantile: whether scopes add up to the company
     window            {months or days: number or setting, of: entities} that the figure looks back over: while the history of
                       those entities is shorter, the figure says so and nothing is claimed of it
     range             [least, most] that the figure can be at all, null for an open end, where it is not that of its unit
                       (unit_ranges): no interval leaves it, and a figure beyond it is absent and reported in `warnings`
     material_change   least difference worth telling, in the unit; or material_change_relative, a share of the earlier value
     target            optional number or row expression; a cell has it only where all its rows agree
     cases             optional: how many cases a row stands for, where it is no case itself; n is their sum
     stands_on         columns of the contract (entity.column) or tables that only the company can state (reference.table)
                       without which the figure means nothing, alternatives with " or " between them. A source that does not
                       give one of them adds nothing to the figure; while none does, it is absent rather than 0 or 100 %
     only_if_seen          optional, for what no column alone shows (that a promise was moved): expressions; while no row of the
                       model has one of them, the figure is absent
     dated             event (default), snapshot: a month-end stock or rolling window
     look_back_months  how many later months a change in a month can alter, 0 by default
     claims_change     whether months may be compared; not by default for snapshots
     disclosure        whose matter the cases are; which reports hide a figure of few of them (docs/reports.md) follows from it:
                       confidential  customers, and what they said, bought or owe: hidden in every report, with all that
                                     would tell how many they are; the default
                       operational   work (tickets, calls, orders to deliver): how many there are is no secret; what a share,
                                     a time or a mean says of few of them is for those who handle them
                       none          n counts neither people nor cases of theirs (months, attributes, departments)

   Scopes are declared once for a model, as config.meta.scopes: {region, store, channel, category, team, grade: column}; the
   company is always made.

   What adds up to what among figures and tables is declared beside them too, under config.meta.identities, in the language
   of reports/bundle/identities.py: suppression reads it, lest what is hidden follow from what is printed. #}


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


{# Every declared metric (of an area, or of a model), checked and with its defaults, ordered by area, model and place in the
   yml. Only at execution: the graph is not complete before. #}
{% macro declared_metrics(area=none, model=none) %}
{%- set metrics = [] -%}
{%- set homes = {} -%}
{%- set columns = suppliable_columns() -%}
{%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='unique_id') -%}
    {%- set declared_here = node.config.meta.get('metrics', []) -%}
    {%- for metric in declared_here -%}
        {%- set dated = metric.get('dated', 'event') -%}
        {%- set declared = {'dated': dated, 'claims_change': dated == 'event', 'look_back_months': 0, 'dimensions': [], 'whole': true} -%}
        {%- do declared.update(metric) -%}
        {%- do declared.update({'scopes': metric_scopes(metric, node)}) -%}
        {%- do check_metric(declared, node, columns) -%}
        {%- if metric.id in homes -%}
            {%- do exceptions.raise_compiler_error(
                'metric ' ~ metric.id ~ ' is declared by ' ~ homes[metric.id] ~ ' and by ' ~ node.name ~ ': keep one'
            ) -%}
        {%- endif -%}
        {%- do homes.update({metric.id: node.name}) -%}
        {%- do declared.update({
            'model': node.name, 'area': node.fqn[2], 'of_sources': 'source_system' in node.columns,
            'block': metric_block_name(node.name, metric.month, declared_here | map(attribute='month')),
        }) -%}
        {%- do metrics.append(declared) if area in (none, declared.area) and model in (none, node.name) -%}
    {%- endfor -%}
{%- endfor -%}
{%- do return(metrics | sort(attribute='area')) -%}
{% endmacro %}


{# The scopes a metric is reported for, with their columns: those of its model (config.meta.scopes), or of them those it names. #}
{% macro metric_scopes(metric, node) %}
{%- set of_model = node.config.meta.get('scopes', {}) -%}
{%- set own = metric.get('scopes', of_model) -%}
{%- if own is mapping -%}{%- do return(own) -%}{%- endif -%}
{%- set found = {} -%}
{%- for scope in own -%}
    {%- if scope not in of_model -%}
        {%- do exceptions.raise_compiler_error(
            'model ' ~ node.name ~ ', metric ' ~ metric.get('id', '(no id)') ~ ': scope ' ~ scope
            ~ ' is not among those of the model (config.meta.scopes): ' ~ of_model | join(', ')
        ) -%}
    {%- endif -%}
    {%- do found.update({scope: of_model[scope]}) -%}
{%- endfor -%}
{%- do return(found) -%}
{% endmacro %}


{# Metrics of one model by one period column are made in one block, which is named after both where there are several. #}
{% macro metric_block_name(model, period, periods) %}
{%- do return(model if periods | unique | list | length == 1 else model ~ '__' ~ period) -%}
{% endmacro %}


{# Stops the build where a declaration makes no sense, naming the model, the metric, the key and what would do. #}
{% macro check_metric(metric, node, suppliable, period='month') %}
{%- set where = 'model ' ~ node.name ~ ', metric ' ~ metric.get('id', '(no id)') ~ ': ' -%}
{%- set required = ['id', 'label', 'definition', 'unit', 'direction', 'kind', 'stands_on', 'additivity'] -%}
{%- do required.append('month') if period == 'month' -%}
{%- set optional = [
    'where', 'value', 'numerator', 'denominator', 'scopes', 'dimensions', 'material_change', 'material_change_relative',
    'target', 'only_if_seen', 'dated', 'look_back_months', 'claims_change', 'whole', 'cases', 'disclosure',
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
{%- for key in ['label', 'definition'] if metric[key] is not string or not metric[key] -%}
    {%- do exceptions.raise_compiler_error(where ~ key ~ ' is ' ~ metric[key] ~ '; give the English text, other languages in reports/locales') -%}
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


{# One row per declared metric: how it is called, defined and judged. #}
{% macro metric_definition_rows(metrics, more={}) %}
{%- set columns = {
    'metric_id': text_type(), 'area': text_type(), 'model': text_type(), 'label': text_type(),
    'definition': text_type(), 'unit': text_type(), 'direction': text_type(),
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
        {{ dbt.string_literal(dbt.escape_single_quotes(metric.label)) }},
        {{ dbt.string_literal(dbt.escape_single_quotes(metric.definition)) }},
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
