{%- set facets = ['nature', 'content', 'technique', 'handling'] -%}
{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
{#- the parts a report shows: all and each facet alone, per scope; what meets what, and every combination, of the company -#}
{%- set parts = [
    [], ['nature'], ['content'], ['technique'], ['handling'],
    ['content', 'technique'], ['nature', 'technique'], ['technique', 'handling'], facets,
] -%}
with months as (
    select month from {{ ref('int_core__months') }}
),

objections as (
    select
        decided_month as month,
        region,
        store_id,
        {{ facets | join(',\n        ') }},
        count(*) as objections,
        {{ int_sum(to_int('is_won')) }} as won
    from {{ ref('objections') }}
    where is_won is not null
    group by decided_month, region, store_id, {{ facets | join(', ') }}
),

windowed as (
    select
        months.month,
        objections.region,
        objections.store_id,
        {%- for facet in facets %}
        objections.{{ facet }},
        {%- endfor %}
        objections.objections,
        objections.won
    from months
    inner join objections
        on
            objections.month <= months.month
            and objections.month > {{ add_months('months.month', -var('window_months')) }}
),

summed as (
    {%- for part in parts %} -- noqa: PRS
    select
        month,
        {{ scope_columns(scopes if part | length < 2 else {}) }},
        {%- for facet in facets %}
        {{ facet if facet in part else "'all'" }} as {{ facet }},
        {%- endfor %}
        {{ int_sum('objections') }} as objections,
        {{ int_sum('won') }} as won
    from windowed
    {{ group_by_scope(scopes if part | length < 2 else {}, ['month'] + part) }} -- noqa: PRS
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    month,
    scope_type,
    scope_id,
    {{ facets | join(',\n    ') }},
    objections,
    won,
    {{ measure(divide('won', 'objections')) }} as won_rate,
    {{ measure(wilson_bound('won', 'objections', 'low')) }} as ci_low,
    {{ measure(wilson_bound('won', 'objections', 'high')) }} as ci_high,
    objections < {{ var('min_n') }} as is_too_few
from summed
