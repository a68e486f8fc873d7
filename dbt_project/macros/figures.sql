{# What names a figure of kpi_monthly, written once for the models between its cells and its row. #}

{% macro figure_key_columns() -%}
    {{ return(['month', 'scope_type', 'scope_id', 'metric_id', 'dimension', 'dimension_value']) }}
{%- endmacro %}

{% macro figure_key(alias=none, without=[]) -%}
    {%- for column in figure_key_columns() if column not in without -%}
    {{ alias ~ '.' if alias }}{{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Condition that two rows are of the same figure, of the same month too unless it is told apart. #}
{% macro same_figure(left, right, without=[]) -%}
    {%- for column in figure_key_columns() if column not in without -%}
    {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ '\n        and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# One row with a column per metric: whether kpi_monthly has any figure of it. What its declaration says was never reported
   (entities, only_if_seen) is absent from the tables of a shape of their own as well: they read this as `known`. #}
{% macro known_figures(metrics) -%}
select
    {%- for metric in metrics %}
    count(case when metric_id = '{{ metric }}' then 1 end) > 0 as {{ metric }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('kpi_monthly') }}
{%- endmacro %}

{# One row with a truth per column of the contract: whether some source ever gave a value of it. Counts of a table of a shape
   of its own read this as `supplied`. #}
{% macro supplied_columns(columns) -%}
select
    {%- for column in columns %}
    count(case when entity = '{{ column.split('.')[0] }}' and column_name = '{{ column.split('.')[1] }}' then 1 end) > 0
        as {{ column | replace('.', '__') }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ source('control', 'supply') }}
{%- endmacro %}

{# An expression where some source gave a value of the column, null where none did. #}
{% macro if_supplied(column, expression) -%} case when supplied.{{ column | replace('.', '__') }} then {{ expression }} end {%- endmacro %}

{# An expression where there are figures of the metric, null where nobody ever told any. #}
{% macro if_known(metric, expression) -%} case when known.{{ metric }} then {{ expression }} end {%- endmacro %}


{# ---- from the sums of a cell to a figure: alike for months and days. Arguments are aliases of rows with kind, unit, n,
   numerator, denominator, sum_squares, rank_low, rank_high, value, variance, range_low and range_high. ---- #}

{# Variance in the unit of the figure: NPS is in points of a hundred, a rate per 1,000 in thousandths. #}
{% macro figure_variance(cells, definitions) -%}
case {{ definitions }}.kind
            when 'proportion' then {{ proportion_variance(cells ~ '.numerator', cells ~ '.n') }}
            when 'mean' then {{ mean_variance(cells ~ '.numerator', cells ~ '.sum_squares', cells ~ '.n') }}
            when 'nps' then 1e4 * {{ nps_variance(cells ~ '.numerator', cells ~ '.sum_squares', cells ~ '.n') }}
            when 'poisson' then
                {{ divide(cells ~ '.numerator', cells ~ '.denominator') }} / nullif(cast({{ cells }}.denominator as double), 0)
                * case when {{ definitions }}.unit = 'per_1000' then 1e6 else 1e0 end
        end
{%- endmacro %}

{# Condition that a figure is none that there can be: outside the range its metric declares. #}
{% macro is_beyond_range(cells, definitions) -%}
coalesce({{ cells }}.value < {{ definitions }}.range_low or {{ cells }}.value > {{ definitions }}.range_high, false)
{%- endmacro %}

{# An end of the 95 % interval; side: low or high. t: its quantile for n - 1 degrees of freedom. #}
{% macro figure_bound(figure, t, side) -%}
{%- set sign = '-' if side == 'low' else '+' -%}
{%- set end -%}
case {{ figure }}.kind
            when 'proportion' then {{ wilson_bound(figure ~ '.numerator', figure ~ '.n', side) }}
            when 'mean' then {{ mean_bound(figure ~ '.value', figure ~ '.variance', t, figure ~ '.range_low', figure ~ '.range_high', side) }}
            when 'nps' then {{ figure }}.value {{ sign }} {{ z_975() }} * sqrt({{ figure }}.variance)
            when 'poisson' then
                case when {{ figure }}.unit = 'per_1000' then 1e3 else 1e0 end * {{ poisson_bound(figure ~ '.numerator', side) }}
                / nullif(cast({{ figure }}.denominator as double), 0)
            else {{ figure }}.rank_{{ side }}
        end
{%- endset -%}
cast(case
        when {{ figure }}.value is not null and {{ end }} is not null
            then {{ 'greatest' if side == 'low' else 'least' }}(
                {{ end }}, coalesce(cast({{ figure }}.range_{{ side }} as double), {{ '-1e300' if side == 'low' else '1e300' }})
            )
    end as decimal(28, 8))
{%- endmacro %}

{# z of the test that fits the kind of two figures; null where no change may be claimed or either has too few cases. #}
{% macro figure_z(now, base) -%}
case
            when not {{ now }}.claims_change or {{ now }}.is_too_few or {{ base }}.is_too_few then null
            when {{ now }}.kind = 'proportion'
                then {{ z_two_proportions(now ~ '.numerator', now ~ '.n', base ~ '.numerator', base ~ '.n') }}
            when {{ now }}.kind = 'mean'
                then {{ z_welch(now ~ '.value', now ~ '.variance', now ~ '.n', base ~ '.value', base ~ '.variance', base ~ '.n') }}
            when {{ now }}.kind = 'nps'
                then {{ z_of_difference(now ~ '.value', now ~ '.variance', base ~ '.value', base ~ '.variance') }}
            when {{ now }}.kind = 'poisson'
                then {{ z_two_rates(now ~ '.numerator', now ~ '.denominator', base ~ '.numerator', base ~ '.denominator') }}
            when {{ now }}.kind in ('median', 'p90')
                then {{ z_of_quantiles(
                    now ~ '.value', now ~ '.rank_low', now ~ '.rank_high', base ~ '.value', base ~ '.rank_low', base ~ '.rank_high'
                ) }}
        end
{%- endmacro %}

{# What is called of a change: only what a corrected test finds and what is large enough to matter. #}
{% macro called_change(p, p_adjusted, value, base_value, definitions) -%}
case
            when {{ p }} is null then null
            when {{ p_adjusted }} > {{ var('false_discovery_rate') }} then 'no_clear_change'
            when
                abs({{ value }} - {{ base_value }}) < coalesce(
                    cast({{ definitions }}.material_change as double),
                    cast({{ definitions }}.material_change_relative as double) * abs({{ base_value }})
                )
                then 'no_clear_change'
            when {{ definitions }}.direction = 'none' then 'changed'
            when ({{ value }} > {{ base_value }}) = ({{ definitions }}.direction = 'up') then 'better'
            else 'worse'
        end
{%- endmacro %}

{# met, missed, too_few or no_target of a row with value, target, direction and is_too_few. #}
{% macro figure_status(figure) -%}
case
        when {{ figure }}.is_too_few then 'too_few'
        when {{ figure }}.target is null or {{ figure }}.value is null or {{ figure }}.direction = 'none' then 'no_target'
        when {{ figure }}.direction = 'up' and {{ measure(figure ~ '.value') }} >= {{ figure }}.target then 'met'
        when {{ figure }}.direction = 'down' and {{ measure(figure ~ '.value') }} <= {{ figure }}.target then 'met'
        else 'missed'
    end
{%- endmacro %}

{# Condition that a row of metric_targets is in force for a whole figure on a date. #}
{% macro target_holds(figure, targets, date) -%}
{{ figure }}.metric_id = {{ targets }}.metric_id
            and {{ figure }}.dimension = ''
            and {{ targets }}.scope_type in ({{ figure }}.scope_type, '*')
            and {{ targets }}.scope_id in ({{ figure }}.scope_id, '*')
            and {{ date }} >= {{ targets }}.valid_from
            and {{ date }} <= coalesce({{ targets }}.valid_to, {{ date }})
{%- endmacro %}

{# Which goes first: a target for the very scope before one for its kind, that before the company-wide, newer before older. #}
{% macro target_order(targets) -%}
case when {{ targets }}.scope_id = '*' then 1 else 0 end,
                case when {{ targets }}.scope_type = '*' then 1 else 0 end,
                {{ targets }}.valid_from desc
{%- endmacro %}
