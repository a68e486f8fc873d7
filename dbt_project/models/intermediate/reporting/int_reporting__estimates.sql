{%- set areas = ['customer', 'lifecycle', 'loyalty', 'satisfaction', 'service', 'economics'] -%}
with definitions as (
    select metric_id, unit, kind, claims_change, is_estimate, range_low, range_high, window_months
    from {{ ref('rpt_metric_definitions') }}
),

-- of means alone
t_quantiles as (
    select 'mean' as kind, df_from, df_to, t_975
    from {{ ref('t_quantiles') }}
),

-- from which month on a figure of a window is reported for: that of the scope, else of the company
windows as (
    select metric_id, scope_type, scope_id, from_month
    from {{ ref('int_reporting__windows') }}
),

cells as (
    {%- for area in areas %}
    select
        {{ figure_key() }},
        n,
        numerator,
        denominator,
        sum_squares,
        rank_low,
        rank_high,
        value,
        target
    from {{ ref('int_reporting__' ~ area ~ '_cells') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

estimated as (
    select
        {{ figure_key('cells') }},
        cells.n,
        cells.numerator,
        cells.denominator,
        cells.rank_low,
        cells.rank_high,
        case when not {{ is_beyond_range('cells', 'definitions') }} then cells.value end as value,
        {{ is_beyond_range('cells', 'definitions') }} as is_beyond_range,
        cells.target,
        definitions.range_low,
        definitions.range_high,
        definitions.unit,
        definitions.kind,
        definitions.claims_change,
        definitions.is_estimate and cells.n < {{ var('min_n') }} as is_too_few,
        {{ figure_variance('cells', 'definitions') }} as variance,
        definitions.window_months,
        case
            when coalesce(own.from_month, company.from_month) is null then definitions.window_months
            else least(greatest(
                {{ months_between_dates('coalesce(own.from_month, company.from_month)', 'cells.month') }} + 1, 0
            ), definitions.window_months)
        end as covered_months
    from cells
    inner join definitions on cells.metric_id = definitions.metric_id
    left join windows as own
        on
            cells.metric_id = own.metric_id
            and cells.scope_type = own.scope_type
            and cells.scope_id = own.scope_id
    left join windows as company on cells.metric_id = company.metric_id and company.scope_type = 'company'
)

select
    {{ figure_key('estimated') }},
    estimated.unit,
    estimated.kind,
    estimated.claims_change,
    estimated.is_too_few,
    estimated.n,
    estimated.numerator,
    estimated.denominator,
    estimated.rank_low,
    estimated.rank_high,
    estimated.value,
    estimated.is_beyond_range,
    estimated.target,
    estimated.variance,
    cast(estimated.window_months as integer) as window_months,
    cast(case when estimated.window_months is not null then estimated.covered_months end as integer) as covered_months,
    coalesce(estimated.covered_months < estimated.window_months, false) as is_short_history,
    {%- for side in ['low', 'high'] %}
    {{ figure_bound('estimated', 't_quantiles.t_975', side) }} as ci_{{ side }}{{ ',' if not loop.last }}
    {%- endfor %}
from estimated
left join t_quantiles
    on
        estimated.kind = t_quantiles.kind
        and estimated.n - 1 between t_quantiles.df_from and t_quantiles.df_to
