{%- set areas = ['customer', 'lifecycle', 'loyalty', 'satisfaction', 'service', 'economics'] -%}
with definitions as (
    select metric_id, unit, kind, claims_change, is_estimate
    from {{ ref('metric_definitions') }}
),

t_quantiles as (
    select df_from, df_to, t_975
    from {{ ref('t_quantiles') }}
),

cells as (
    {%- for area in areas %}
    select
        {{ figure_key() }},
        n,
        numerator,
        denominator,
        sum_squares,
        value,
        target
    from {{ ref('int_reporting__' ~ area ~ '_cells') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- the variance in the unit of the figure: NPS is in points of a hundred, a rate per 1,000 in thousandths
estimated as (
    select
        {{ figure_key('cells') }},
        cells.n,
        cells.numerator,
        cells.denominator,
        cells.value,
        cells.target,
        definitions.unit,
        definitions.kind,
        definitions.claims_change,
        definitions.is_estimate and cells.n < {{ var('min_n') }} as is_too_few,
        case when definitions.unit = 'per_1000' then 1e3 else 1e0 end as per,
        case definitions.kind
            when 'proportion' then {{ proportion_variance('cells.numerator', 'cells.n') }}
            when 'mean' then {{ mean_variance('cells.numerator', 'cells.sum_squares', 'cells.n') }}
            when 'nps' then 1e4 * {{ nps_variance('cells.numerator', 'cells.sum_squares', 'cells.n') }}
            when 'poisson' then
                {{ divide('cells.numerator', 'cells.denominator') }} / nullif(cast(cells.denominator as double), 0)
                * case when definitions.unit = 'per_1000' then 1e6 else 1e0 end
        end as variance
    from cells
    inner join definitions on cells.metric_id = definitions.metric_id
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
    estimated.value,
    estimated.target,
    estimated.variance,
    {%- for side, sign in [('low', '-'), ('high', '+')] %}
    cast(case estimated.kind
        when 'proportion' then {{ wilson_bound('estimated.numerator', 'estimated.n', side) }}
        when 'mean' then estimated.value {{ sign }} cast(t_quantiles.t_975 as double) * sqrt(estimated.variance)
        when 'nps' then estimated.value {{ sign }} {{ z_975() }} * sqrt(estimated.variance)
        when 'poisson' then
            estimated.per * {{ poisson_bound('estimated.numerator', side) }}
            / nullif(cast(estimated.denominator as double), 0)
    end as decimal(28, 8)) as ci_{{ side }}{{ ',' if not loop.last }}
    {%- endfor %}
from estimated
left join t_quantiles
    on
        estimated.kind = 'mean'
        and estimated.n - 1 between t_quantiles.df_from and t_quantiles.df_to
