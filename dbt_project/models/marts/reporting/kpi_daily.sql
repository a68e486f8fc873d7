{%- set key = ['day', 'scope_type', 'scope_id', 'metric_id', 'dimension', 'dimension_value'] -%}
{%- set figure = key[1:] -%}
{%- set sums = [
    'unit', 'kind', 'direction', 'claims_change', 'is_too_few', 'n', 'numerator', 'denominator', 'rank_low', 'rank_high',
    'range_low', 'range_high', 'value',
] -%}
{%- set family = 'day, scope_type, scope_id' -%}
with kept_days as (
    {{ kept_days() | indent(4) }}
),

definitions as (
    select
        metric_id, unit, kind, direction, claims_change, is_estimate, material_change, material_change_relative, range_low,
        range_high
    from {{ ref('rpt_daily_metric_definitions') }}
),

-- of means alone
t_quantiles as (
    select 'mean' as kind, df_from, df_to, t_975
    from {{ ref('t_quantiles') }}
),

targets as (
    select metric_id, scope_type, scope_id, target, valid_from, valid_to
    from {{ ref('metric_targets') }}
),

cells as (
    select
        {{ key | join(',\n        ') }},
        is_usual,
        n,
        numerator,
        denominator,
        sum_squares,
        rank_low,
        rank_high,
        value,
        known_from,
        known_until
    from {{ ref('int_reporting__daily_cells') }}
),

-- every figure that there ever is, on each day that its sources report: a day without a case is a day of none
figures as (
    select
        {{ figure | join(',\n        ') }},
        min(known_from) as known_from,
        min(known_until) as known_until
    from cells
    group by {{ figure | join(', ') }}
),

days as (
    select
        kept_days.day,
        {%- for column in figure %}
        figures.{{ column }},
        {%- endfor %}
        {{ add_days('kept_days.day', -7 * var('usual_weeks')) }} >= figures.known_from as has_usual
    from figures
    inner join kept_days on kept_days.day between figures.known_from and figures.known_until
),

readings as (
    select
        {{ key | join(',\n        ') }},
        false as is_usual
    from days
    union all
    select
        {{ key | join(',\n        ') }},
        true as is_usual
    from days
    where has_usual
),

-- of totals the usual one is that of a day
filled as (
    select
        {%- for column in key %}
        readings.{{ column }},
        {%- endfor %}
        readings.is_usual,
        definitions.unit,
        definitions.kind,
        definitions.direction,
        definitions.claims_change,
        definitions.is_estimate and coalesce(cells.n, 0) < {{ var('min_n') }} as is_too_few,
        coalesce(cells.n, 0) as n,
        cells.numerator,
        cells.denominator,
        cells.sum_squares,
        cells.rank_low,
        cells.rank_high,
        definitions.range_low,
        definitions.range_high,
        case
            when {{ is_beyond_range('cells', 'definitions') }} then null
            when definitions.kind not in ('sum', 'count', 'distinct') then cells.value
            when readings.is_usual then coalesce(cells.value, 0e0) / {{ var('usual_weeks') }}
            else coalesce(cells.value, 0e0)
        end as value
    from readings
    inner join definitions on readings.metric_id = definitions.metric_id
    left join cells
        on
            readings.is_usual = cells.is_usual
            {%- for column in key %}
            and readings.{{ column }} = cells.{{ column }}
            {%- endfor %}
),

estimates as (
    select
        {%- for column in key + ['is_usual'] + sums %}
        filled.{{ column }},
        {%- endfor %}
        {{ figure_variance('filled', 'filled') }} as variance
    from filled
),

compared as (
    select
        {%- for column in key %}
        estimates.{{ column }},
        {%- endfor %}
        base.value as usual,
        base.n as usual_n,
        base.is_too_few as is_usual_too_few,
        {{ figure_z('estimates', 'base') }} as z
    from estimates
    inner join estimates as base
        on
            base.is_usual
            {%- for column in key %}
            and estimates.{{ column }} = base.{{ column }}
            {%- endfor %}
    where not estimates.is_usual
),

tested as (
    select
        {{ key | join(',\n        ') }},
        usual,
        usual_n,
        is_usual_too_few,
        {{ two_sided_p('z') }} as p
    from compared
),

placed as (
    select
        {{ key | join(',\n        ') }},
        usual,
        usual_n,
        is_usual_too_few,
        p,
        {{ bh_place('p', family ~ ', p is null') }} as place,
        {{ bh_tests('p', family) }} as tests
    from tested
),

corrected as (
    select
        {{ key | join(',\n        ') }},
        usual,
        usual_n,
        is_usual_too_few,
        {{ measure('p') }} as p,
        {{ measure(bh_adjusted_p('p', 'place', 'tests', family ~ ', p is null')) }} as p_adjusted
    from placed
),

chosen_targets as (
    select
        estimates.day,
        estimates.scope_type,
        estimates.scope_id,
        estimates.metric_id,
        estimates.dimension,
        targets.target,
        row_number() over (
            partition by estimates.day, estimates.scope_type, estimates.scope_id, estimates.metric_id
            order by
                {{ target_order('targets') }}
        ) as choice
    from estimates
    inner join targets
        on
            {{ target_holds('estimates', 'targets', 'estimates.day') }}
    where not estimates.is_usual
),

with_target as (
    select
        {%- for column in key + sums + ['variance'] %}
        estimates.{{ column }},
        {%- endfor %}
        chosen_targets.target
    from estimates
    left join chosen_targets
        on
            estimates.day = chosen_targets.day
            and estimates.scope_type = chosen_targets.scope_type
            and estimates.scope_id = chosen_targets.scope_id
            and estimates.metric_id = chosen_targets.metric_id
            and estimates.dimension = chosen_targets.dimension
            and chosen_targets.choice = 1
    where not estimates.is_usual
)

select
    {%- for column in key %}
    with_target.{{ column }},
    {%- endfor %}
    with_target.unit,
    {{ measure('with_target.value') }} as value,
    with_target.numerator,
    with_target.denominator,
    with_target.n,
    {%- for side in ['low', 'high'] %}
    {{ figure_bound('with_target', 't_quantiles.t_975', side) }} as ci_{{ side }},
    {%- endfor %}
    {{ measure('with_target.target') }} as target,
    {{ figure_status('with_target') }} as status,
    case when not corrected.is_usual_too_few then {{ measure('corrected.usual') }} end as usual,
    corrected.usual_n,
    corrected.p as p_usual,
    {{ called_change('corrected.p', 'corrected.p_adjusted', 'with_target.value', 'corrected.usual', 'definitions') }} as change_usual
from with_target
inner join definitions on with_target.metric_id = definitions.metric_id
left join corrected
    on
        {%- for column in key %}
        {{ 'and ' if not loop.first }}with_target.{{ column }} = corrected.{{ column }}
        {%- endfor %}
left join t_quantiles
    on
        with_target.kind = t_quantiles.kind
        and with_target.n - 1 between t_quantiles.df_from and t_quantiles.df_to
-- a part without a case is no part of the day
where with_target.dimension = '' or with_target.n > 0
