{%- set family = 'month, scope_type, scope_id' -%}
with estimates as (
    select
        month,
        scope_type,
        scope_id,
        metric_id,
        dimension,
        dimension_value,
        kind,
        claims_change,
        is_too_few,
        n,
        numerator,
        denominator,
        value,
        variance
    from {{ ref('int_reporting__estimates') }}
),

periods as (
    select 'previous' as period, 1 as months_back
    union all
    select 'year_ago' as period, 12 as months_back
),

sought as (
    select
        estimates.month,
        estimates.scope_type,
        estimates.scope_id,
        estimates.metric_id,
        estimates.dimension,
        estimates.dimension_value,
        estimates.kind,
        estimates.claims_change,
        estimates.is_too_few,
        estimates.n,
        estimates.numerator,
        estimates.denominator,
        estimates.value,
        estimates.variance,
        periods.period,
        {{ add_months('estimates.month', '-periods.months_back') }} as base_month
    from estimates
    cross join periods
),

compared as (
    select
        sought.month,
        sought.scope_type,
        sought.scope_id,
        sought.metric_id,
        sought.dimension,
        sought.dimension_value,
        sought.period,
        base.value as base_value,
        case
            when not sought.claims_change or sought.is_too_few or base.is_too_few then null
            when sought.kind = 'proportion'
                then {{ z_two_proportions('sought.numerator', 'sought.n', 'base.numerator', 'base.n') }}
            when sought.kind = 'mean'
                then {{ z_welch('sought.value', 'sought.variance', 'sought.n', 'base.value', 'base.variance', 'base.n') }}
            when sought.kind = 'nps'
                then {{ z_of_difference('sought.value', 'sought.variance', 'base.value', 'base.variance') }}
            when sought.kind = 'poisson'
                then {{ z_two_rates('sought.numerator', 'sought.denominator', 'base.numerator', 'base.denominator') }}
        end as z
    from sought
    inner join estimates as base
        on
            sought.base_month = base.month
            and sought.scope_type = base.scope_type
            and sought.scope_id = base.scope_id
            and sought.metric_id = base.metric_id
            and sought.dimension = base.dimension
            and sought.dimension_value = base.dimension_value
),

tested as (
    select
        month,
        scope_type,
        scope_id,
        metric_id,
        dimension,
        dimension_value,
        period,
        base_value,
        {{ two_sided_p('z') }} as p
    from compared
),

-- figures without a p value stand apart, so that they neither take a place nor count as tests
placed as (
    select
        month,
        scope_type,
        scope_id,
        metric_id,
        dimension,
        dimension_value,
        period,
        base_value,
        p,
        {{ bh_place('p', family ~ ', p is null') }} as place,
        {{ bh_tests('p', family) }} as tests
    from tested
)

select
    month,
    scope_type,
    scope_id,
    metric_id,
    dimension,
    dimension_value,
    period,
    base_value,
    {{ measure('p') }} as p,
    {{ measure(bh_adjusted_p('p', 'place', 'tests', family ~ ', p is null')) }} as p_adjusted
from placed
