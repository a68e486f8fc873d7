{%- set family = 'month, scope_type, scope_id' -%}
with estimates as (
    select
        {{ figure_key() }},
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

compared as (
    select
        {{ figure_key('estimates') }},
        periods.period,
        base.value as base_value,
        {{ figure_z('estimates', 'base') }} as z
    from estimates
    cross join periods
    inner join estimates as base
        on
            {{ add_months('estimates.month', '-periods.months_back') }} = base.month
            and {{ same_figure('estimates', 'base', without=['month']) }}
),

tested as (
    select
        {{ figure_key() }},
        period,
        base_value,
        {{ two_sided_p('z') }} as p
    from compared
),

-- figures without a p value stand apart, so that they neither take a place nor count as tests
placed as (
    select
        {{ figure_key() }},
        period,
        base_value,
        p,
        {{ bh_place('p', family ~ ', p is null') }} as place,
        {{ bh_tests('p', family) }} as tests
    from tested
)

select
    {{ figure_key() }},
    period,
    base_value,
    {{ measure('p') }} as p,
    {{ measure(bh_adjusted_p('p', 'place', 'tests', family ~ ', p is null')) }} as p_adjusted
from placed
