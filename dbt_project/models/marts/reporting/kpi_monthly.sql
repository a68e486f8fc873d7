with estimates as (
    select
        {{ figure_key() }},
        unit,
        value,
        numerator,
        denominator,
        n,
        ci_low,
        ci_high,
        variance,
        is_too_few,
        window_months,
        covered_months,
        is_short_history,
        target
    from {{ ref('int_reporting__estimates') }}
),

comparisons as (
    select {{ figure_key() }}, period, base_value, p, p_adjusted
    from {{ ref('int_reporting__comparisons') }}
),

definitions as (
    select metric_id, direction, material_change, material_change_relative
    from {{ ref('rpt_metric_definitions') }}
),

targets as (
    select metric_id, scope_type, scope_id, target, valid_from, valid_to
    from {{ ref('metric_targets') }}
),

-- the target in force on the first of the month; one for the very scope goes before one for its kind, that before the company-wide
reference_targets as (
    select
        estimates.month,
        estimates.scope_type,
        estimates.scope_id,
        estimates.metric_id,
        estimates.dimension,
        targets.target,
        row_number() over (
            partition by estimates.month, estimates.scope_type, estimates.scope_id, estimates.metric_id
            order by
                {{ target_order('targets') }}
        ) as choice
    from estimates
    inner join targets
        on
            {{ target_holds('estimates', 'targets', 'estimates.month') }}
),

judged as (
    select
        {{ figure_key('comparisons') }},
        comparisons.period,
        comparisons.base_value,
        comparisons.p,
        {{ called_change('comparisons.p', 'comparisons.p_adjusted', 'estimates.value', 'comparisons.base_value', 'definitions') }} as change
    from comparisons
    inner join estimates
        on
            {{ same_figure('comparisons', 'estimates') }}
    inner join definitions on comparisons.metric_id = definitions.metric_id
),

with_target as (
    select
        {{ figure_key('estimates') }},
        estimates.unit,
        estimates.value,
        estimates.numerator,
        estimates.denominator,
        estimates.n,
        estimates.ci_low,
        estimates.ci_high,
        estimates.variance,
        estimates.is_too_few,
        estimates.window_months,
        estimates.covered_months,
        estimates.is_short_history,
        definitions.direction,
        coalesce(estimates.target, reference_targets.target) as target
    from estimates
    inner join definitions on estimates.metric_id = definitions.metric_id
    left join reference_targets
        on
            estimates.month = reference_targets.month
            and estimates.scope_type = reference_targets.scope_type
            and estimates.scope_id = reference_targets.scope_id
            and estimates.metric_id = reference_targets.metric_id
            and estimates.dimension = reference_targets.dimension
            and reference_targets.choice = 1
)

select
    {{ figure_key('with_target') }},
    with_target.unit,
    {{ measure('with_target.value') }} as value,
    with_target.numerator,
    with_target.denominator,
    with_target.n,
    with_target.ci_low,
    with_target.ci_high,
    {{ measure('with_target.target') }} as target,
    case
        when with_target.is_short_history and not with_target.is_too_few then 'short_history'
        else {{ figure_status('with_target') | indent(4) }}
    end as status,
    {{ measure('previous.base_value') }} as previous,
    {{ measure('year_ago.base_value') }} as year_ago,
    {{ measure('with_target.variance') }} as variance,
    previous.p as p_previous,
    year_ago.p as p_year_ago,
    previous.change as change_previous,
    year_ago.change as change_year_ago,
    with_target.window_months,
    with_target.covered_months
from with_target
{%- for period in ['previous', 'year_ago'] %}
left join judged as {{ period }}
    on
        {{ period }}.period = '{{ period }}'
        and {{ same_figure('with_target', period) }}
{%- endfor %}
