{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
with dimensions as (
    select response_month, servqual_dimension, region, store_id, expectation, perception, gap, weight
    from {{ ref('servqual_dimension') }}
),

months as (
    select month
    from {{ ref('int_core__months') }}
)

select
    months.month,
    {{ scope_columns(scopes) }},
    servqual_dimension as dimension,
    count(*) as n,
    {{ measure(divide('sum(expectation)', 'count(*)')) }} as expectation,
    {{ measure(divide('sum(perception)', 'count(*)')) }} as perception,
    {{ measure(divide('sum(gap)', 'count(*)')) }} as gap,
    {{ measure(divide('sum(weight)', 'count(*)')) }} as weight
from dimensions
inner join months on dimensions.response_month = months.month
{{ group_by_scope(scopes, ['months.month', 'servqual_dimension']) }} -- noqa: PRS
