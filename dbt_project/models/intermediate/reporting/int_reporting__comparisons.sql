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
        rank_low,
        rank_high,
        value,
        variance
    from {{ ref('int_reporting__estimates') }}
    -- half a window is not to be compared with a whole one, nor two halves with each other
    where not is_short_history
),

-- the figures of a month, as what those of a later month are compared with: an equi-join on the month, no fan-out over all
bases as (
    {%- for period, months_on in {'previous': 1, 'year_ago': 12}.items() %}
    select
        {{ add_months('month', months_on) }} as month,
        {{ figure_key(without=['month']) }},
        '{{ period }}' as period,
        is_too_few,
        n,
        numerator,
        denominator,
        rank_low,
        rank_high,
        value,
        variance
    from estimates
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

compared as (
    select
        {{ figure_key('estimates') }},
        bases.period,
        bases.value as base_value,
        {{ figure_z('estimates', 'bases') }} as z
    from estimates
    inner join bases
        on
            {{ same_figure('estimates', 'bases') }}
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
