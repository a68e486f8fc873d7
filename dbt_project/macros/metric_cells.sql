{# How declared metrics become SQL, of months and of days alike. Every measured model is read once per month column, all its
   metrics at a time: `rows` says what a row gives to each, null where it is none of its rows; `wholes` adds them up by
   scope, `parts` by scope and dimension; `cells` turns them to one row per metric. Dividing is left to the end.

   Names in a block: <model> (<model>__<month column> where it has several), then two underscores and the part. #}


{# One row per month, scope, metric and dimension value of an area, or of one of its models: figures as sums that estimates
   and tests start from. The calling model names the models it stands on in comments, `depends_on:` with a ref each; dbt
   stops it otherwise. #}
{% macro metric_cells(area=none, model=none) %}
{%- set metrics = declared_metrics(area, model) if execute else [] -%}
with months as (
    select month, is_complete from {{ ref('int_core__months') }}
),

latest as (
    select max(month) as month, max(case when is_complete then month end) as complete_month from months
),

-- dimensions only where a report looks: the latest and the latest complete month, those before and a year before them
dimension_months as (
    select months.month
    from months
    cross join latest
    where months.month in (
        latest.month, {{ add_months('latest.month', -12) }},
        latest.complete_month, {{ add_months('latest.complete_month', -1) }}, {{ add_months('latest.complete_month', -12) }}
    )
),

{{ supplied_ctes(metrics) }},
{{ metric_blocks(metrics, {'month': 'date'}, has_targets=true) }}
{% endmacro %}


{# `supplied`: the metrics and sources of which the source gives what the metric stands on. `metric_kinds`: by metric, how its
   sums become its value. #}
{% macro supplied_ctes(metrics) -%}
supplied as (
    select metric_id, source_system from {{ ref('int_core__metric_sources') }} where is_supplied
),

metric_kinds (metric_id, kind, per, quantile) as (
    values
    {% for metric in metrics -%}
    ('{{ metric.id }}', '{{ metric.kind }}', {{ metric_per(metric) }}, {{ kpi_kinds()[metric.kind].get('quantile', 0) }}e0)
    {{- '' if loop.last else ', ' if loop.index % 3 else ',\n    ' }}
    {%- else -%}
    ('', '', 1, 0e0)
    {%- endfor %}
)
{%- endmacro %}

{# What the quotient of a metric is reported per. #}
{% macro metric_per(metric) -%}
{{ 100 if metric.kind == 'nps' else 1000 if metric.unit == 'per_1000' else 1 }}
{%- endmacro %}


{# The blocks of the metrics and the rows they come to. keys: what every cell is of besides its scope, by type. #}
{% macro metric_blocks(metrics, keys, has_targets=false, more_cte='') %}
{%- set blocks = {} -%}
{%- for metric in metrics -%}
    {%- do blocks.setdefault(metric.block, []).append(metric) -%}
{%- endfor -%}
{%- set quantiles = quantiles_of(metrics) -%}
{%- set key = keys | list + ['scope_type', 'scope_id', 'metric_id', 'dimension', 'dimension_value'] -%}
{%- set sums = ['rows_of_it', 'n', 'numerator', 'denominator', 'sum_squares', 'in_order'] + (['target'] if has_targets else []) -%}
{%- for block, of_block in blocks.items() %}
{{ metric_block(block, of_block, keys | list, key, sums) }},
{% endfor %}
cells as (
    {%- for block in blocks %}
    select * from {{ block }}__cells
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        {%- for name, type in keys.items() %}
        cast(null as {{ type }}) as {{ name }},
        {%- endfor %}
        cast(null as {{ text_type() }}) as scope_type,
        cast(null as {{ text_type() }}) as scope_id,
        '' as metric_id,
        cast(null as {{ text_type() }}) as dimension,
        cast(null as {{ text_type() }}) as dimension_value,
        {%- for name in sums %}
        cast(null as {{ numbers_type() if name == 'in_order' else 'decimal(38, 8)' }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from supplied
    where 1 = 0
    {%- endfor %}
),

divided as (
    select
        cells.{{ (key + ['sum_squares', 'in_order'] + (['target'] if has_targets else [])) | join(', cells.') }},
        cast(cells.n as bigint) as n,
        {%- for side in ['low', 'high'] if quantiles %}
        case metric_kinds.quantile
            {%- for q in quantiles %}
            when {{ q }}e0 then {{ quantile_place('cells.n', q, side) }}
            {%- endfor %}
        end as place_{{ side }},
        {%- endfor %}
        case when metric_kinds.quantile > 0e0 then (cells.n - 1) * metric_kinds.quantile + 1e0 end as place,
        case when metric_kinds.kind not in ('sum', 'count', 'distinct') then cells.numerator end as numerator,
        cells.denominator,
        case
            when metric_kinds.kind in ('sum', 'count', 'distinct') then cast(cells.numerator as double)
            -- a rate whose cases all lie in other cells is reported for none
            when metric_kinds.kind <> 'ratio' or cells.n > 0 or cells.metric_id not in ('{{ rates_of_cases(metrics) | join("', '") }}')
                then metric_kinds.per * {{ divide('cells.numerator', 'cells.denominator') }}
        end as value
    from cells
    inner join metric_kinds on cells.metric_id = metric_kinds.metric_id
){{ ',\n' ~ more_cte if more_cte }}

select
    divided.{{ (key + ['n']) | join(', divided.') }},
    {{ measure('divided.numerator') }} as numerator, {{ measure('divided.denominator') }} as denominator,
    cast(divided.sum_squares as decimal(38, 8)) as sum_squares,
    {%- if quantiles %}
    -- of a median or quantile: the values that bound its interval, where there are enough for one, and itself, interpolated
    case when divided.place_low >= 1 and divided.place_high <= divided.n then {{ value_at('divided.in_order', 'divided.place_low') }} end as rank_low,
    case when divided.place_low >= 1 and divided.place_high <= divided.n then {{ value_at('divided.in_order', 'divided.place_high') }} end as rank_high,
    {%- set below = value_at('divided.in_order', 'cast(floor(divided.place) as bigint)') %}
    {%- set above = value_at('divided.in_order', 'cast(ceil(divided.place) as bigint)') %}
    case
        when divided.place is null then divided.value
        else {{ below }} + (divided.place - floor(divided.place)) * ({{ above }} - {{ below }})
    end as value
    {%- else %}
    cast(null as double) as rank_low,
    cast(null as double) as rank_high,
    divided.value
    {%- endif %}
    {%- if has_targets %},
    {{ measure('divided.target') }} as target
    {%- endif %}
    {%- if more_cte %},
    known.known_from,
    known.known_until
    {%- endif %}
from divided
{%- if more_cte %}
inner join known on divided.metric_id = known.metric_id
{%- endif %}
{% endmacro %}

{# The rates whose n are cases that not every row brings. #}
{% macro rates_of_cases(metrics) %}
{%- do return(metrics | selectattr('cases', 'defined') | selectattr('kind', 'equalto', 'ratio') | selectattr('unit', 'equalto', 'rate') | map(attribute='id') | list) -%}
{% endmacro %}


{# One measured model by one month column: its rows, wholes, parts and cells. #}
{% macro metric_block(block, metrics, keys, key, sums) -%}
{%- set first = metrics[0] -%}
{%- set scopes = {} -%}
{%- set dimensions = {} -%}
{%- for metric in metrics -%}
    {%- for scope, column in metric.scopes.items() -%}{%- do scopes.update({scope: column}) -%}{%- endfor -%}
    {%- for column in metric.dimensions -%}{%- do dimensions.update({column: 'dimension_' ~ column}) -%}{%- endfor -%}
{%- endfor -%}
{%- set grouped = {} -%}
{%- for scope in var('scope_types') if scope in scopes -%}{%- do grouped.update({scope: 'scope_' ~ scope}) -%}{%- endfor -%}
{%- set passes = {} -%}
{%- do passes.update({'wholes': metrics | selectattr('whole') | list}) if metrics | selectattr('whole') | list -%}
{%- do passes.update({'parts': metrics | selectattr('dimensions') | list}) if dimensions -%}
-- ==== {{ first.model }}{{ ' by ' ~ first.month if 'month' in keys }} ====
{%- if first.of_sources %}
{{ block }}__supplied as (
    select
        source_system as supplied_source,
        {%- for metric in metrics %}
        max(case when metric_id = '{{ metric.id }}' then 1 end) as {{ metric.id }}__supplied{{ ',' if not loop.last }}
        {%- endfor %}
    from supplied
    group by source_system
),
{% endif %}
{{ block }}__rows as (
    select
        {%- if 'month' in keys %}
        cast({{ first.month }} as date) as month,
        {%- else %}
        readings.reported_on as day,
        readings.is_usual,
        readings.happened_on,
        {%- endif %}
        {%- for scope, column in scopes.items() %}
        {{- '\n        ' if loop.first else ' ' }}cast({{ column }} as {{ text_type() }}) as scope_{{ scope }},
        {%- endfor %}
        {%- for column, name in dimensions.items() %}
        {{- '\n        ' if loop.first else ' ' }}cast({{ column }} as {{ text_type() }}) as {{ name }},
        {%- endfor %}
        {%- for metric in metrics %}
        {{ metric_row_columns(metric) | indent(8) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(first.model) }}
    {%- if first.of_sources %}
    inner join {{ block }}__supplied on source_system = supplied_source
    {%- endif %}
    {%- if 'month' in keys %}
    where {{ first.month }} in (select month from months)
    {%- else %}
    inner join readings on {{ daily_day(first) }} = readings.happened_on
    {%- endif %}
),
{%- for name, of_pass in passes.items() %}
{%- set splits = dimensions.values() | list if name == 'parts' else [none] %}

{{ block }}__{{ name }} as (
    select
        {{ keys | join(', ') }},
        {{ scope_columns(grouped) | indent(4) }},
        {%- if name == 'parts' %}
        case {% for column, split in dimensions.items() %}when grouping({{ split }}) = 0 then '{{ column }}' {% endfor %}end as dimension,
        coalesce({{ splits | join(', ') }}) as dimension_value,
        {%- else %}
        '' as dimension, '' as dimension_value,
        {%- endif %}
        {%- for metric in of_pass %}
        {% for column, sum in metric_sums(metric).columns.items() -%}
        {{ sum }} as {{ column }},{{ ' ' if not loop.last }}
        {%- endfor %}
        {%- endfor %}
        cast(null as decimal(38, 8)) as no_number, cast(null as {{ numbers_type() }}) as no_values
    from {{ block }}__rows
    {%- if name == 'parts' and 'month' in keys %}
    where month in (select month from dimension_months)
    {%- endif %}
    {{ group_by_scope(grouped, keys, splits) | indent(4) }}
),
{%- endfor %}

{{ block }}__cells as (
    {%- for name, of_pass in passes.items() %}
    select {{ (key + sums) | join(', ') }}
    from {{ block }}__{{ name }}
    unpivot include nulls (
        ({{ sums | join(', ') }}) for metric_id in (
            {%- for metric in of_pass %}
            ({{ metric_sums(metric).tall[:sums | length] | join(', ') }}) as {{ metric.id }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
    )
    where rows_of_it > 0
        {%- for guard in metric_guards(of_pass, scopes, dimensions if name == 'parts' else {}) %}
        and {{ guard }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)
{%- endmacro %}


{# What one row gives to a metric, by column: a mark, and its parts. #}
{% macro metric_row_columns(metric) -%}
{%- set columns = {'row': 1} -%}
{%- if 'numerator' in kpi_kinds()[metric.kind].needs -%}
    {%- do columns.update({'numerator': measure(metric.numerator), 'denominator': measure(metric.denominator)}) -%}
{%- elif metric.kind != 'count' -%}
    {%- do columns.update({'value': kpi_row_value(metric)}) -%}
{%- endif -%}
{%- do columns.update({'cases': metric.cases}) if metric.cases -%}
{%- do columns.update({'target': measure(metric.target)}) if 'target' in metric -%}
{%- set conditions = [] -%}
{%- do conditions.append(metric.id ~ '__supplied = 1') if metric.of_sources -%}
{%- do conditions.append(('(' ~ metric.where ~ ')') if conditions else metric.where) if metric.where -%}
{%- for column, value in columns.items() -%}
{{ 'case when ' ~ conditions | join(' and ') ~ ' then ' ~ value ~ ' end' if conditions else value }} as {{ metric.id }}__{{ column }}{{ ', ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}


{# The sums of a metric: `columns` by name, and `tall`, which of them stand under the names of `sums` in metric_blocks. #}
{% macro metric_sums(metric) %}
{%- set x = metric.id ~ '__' -%}
{%- set row, value, numerator, denominator = x ~ 'row', x ~ 'value', x ~ 'numerator', x ~ 'denominator' -%}
{%- set counted, summed, whole_sum = 'count(' ~ value ~ ')', 'sum(' ~ value ~ ')', int_sum(value) -%}
{%- set total, whole = 'sum(' ~ numerator ~ ')', 'sum(' ~ denominator ~ ')' -%}
{%- set of_kind = {
    'proportion': [counted, 'coalesce(' ~ whole_sum ~ ', 0)', counted, 'coalesce(' ~ whole_sum ~ ', 0)'],
    'mean': [counted, summed, counted, 'sum(' ~ measure_squared(value) ~ ')'],
    'nps': [counted, whole_sum, counted, int_sum(value ~ ' * ' ~ value)],
    'median': [counted, none, none, none, sorted_values(value)],
    'p90': [counted, none, none, none, sorted_values(value)],
    'sum': [counted, summed],
    'count': ['count(' ~ row ~ ')', 'count(' ~ row ~ ')'],
    'distinct': [counted, 'count(distinct ' ~ value ~ ')'],
    'ratio': ['count(' ~ denominator ~ ')', total, whole],
    'census': ['count(' ~ denominator ~ ')', total, whole],
    'share': ['round(' ~ whole ~ ', 0)', total, whole],
    'poisson': ['round(' ~ whole ~ ', 0)', total, whole],
}[metric.kind] -%}
{%- set target = x ~ 'target' -%}
{%- set agreed = 'case when min(' ~ target ~ ') = max(' ~ target ~ ') and count(' ~ target ~ ') = count(' ~ row ~ ') then max(' ~ target ~ ') end' -%}
{%- set of_kind = ['count(' ~ row ~ ')'] + (['sum(' ~ x ~ 'cases)'] if metric.cases else of_kind[:1]) + of_kind[1:] -%}
{%- set names = ['rows', 'n', 'sum', 'of', 'squares', 'in_order'] -%}
{%- set columns, homes, tall = {}, {}, [] -%}
{%- for name in names -%}
    {%- set sum = of_kind[loop.index0] if loop.index0 < of_kind | length else none -%}
    {%- if sum is none -%}
        {%- do tall.append('no_values' if name == 'in_order' else 'no_number') -%}
    {%- else -%}
        {%- do columns.update({x ~ name: sum}) if sum not in homes -%}
        {%- do tall.append(homes.setdefault(sum, x ~ name)) -%}
    {%- endif -%}
{%- endfor -%}
{%- do columns.update({x ~ 'agreed': agreed}) if 'target' in metric -%}
{%- do tall.append(x ~ 'agreed' if 'target' in metric else 'no_number') -%}
{%- do return({'columns': columns, 'tall': tall}) -%}
{% endmacro %}


{# What a cell must satisfy to be of its metric, where the others of its block are reported otherwise. #}
{% macro metric_guards(metrics, scopes, dimensions) %}
{%- set guards, by_scopes, by_dimensions = [], {}, {} -%}
{%- for metric in metrics -%}
    {%- if metric.scopes | length < scopes | length -%}
        {%- do by_scopes.setdefault(metric.scopes.keys() | join("', '"), []).append(metric.id) -%}
    {%- endif -%}
    {%- if dimensions and metric.dimensions | length < dimensions | length -%}
        {%- do by_dimensions.setdefault(metric.dimensions | join("', '"), []).append(metric.id) -%}
    {%- endif -%}
    {%- for only_if_seen in metric.only_if_seen or [] -%}
        {%- do guards.append("(metric_id <> '" ~ metric.id ~ "' or (select count(" ~ only_if_seen ~ ') from ' ~ ref(metric.model) ~ ') > 0)') -%}
    {%- endfor -%}
{%- endfor -%}
{%- for reported, ids in by_scopes.items() -%}
    {%- do guards.append("(metric_id not in ('" ~ ids | join("', '") ~ "') or scope_type in ('company', '" ~ reported ~ "'))") -%}
{%- endfor -%}
{%- for reported, ids in by_dimensions.items() -%}
    {%- do guards.append("(metric_id not in ('" ~ ids | join("', '") ~ "') or dimension in ('" ~ reported ~ "'))") -%}
{%- endfor -%}
{%- do guards.append('metric_id in (select metric_id from supplied)') if not metrics[0].of_sources -%}
{%- do return(guards) -%}
{% endmacro %}


{# What one row contributes. #}
{% macro kpi_row_value(metric) %}
{%- if metric.kind == 'proportion' -%} {{ to_int('cast(' ~ metric.value ~ ' as boolean)') }}
{%- elif metric.kind == 'nps' -%} {{ nps_vote(metric.value) }}
{%- elif metric.kind in ('mean', 'sum') -%} {{ measure(metric.value) }}
{%- elif metric.kind in ('median', 'p90') -%} cast({{ metric.value }} as double)
{%- elif metric.kind == 'distinct' -%} {{ metric.value }}
{%- endif -%}
{% endmacro %}


{# Of which quantiles there are metrics. #}
{% macro quantiles_of(metrics) %}
{%- set kinds = metrics | map(attribute='kind') | list -%}
{%- set found = [] -%}
{%- for kind, of_kind in kpi_kinds().items() if 'quantile' in of_kind and kind in kinds -%}{%- do found.append(of_kind.quantile) -%}{%- endfor -%}
{%- do return(found) -%}
{% endmacro %}
