{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
with shifts as (
    select month, store_id, region, score, shift, customers from {{ ref('rfm_shift') }}
)

select
    month,
    {{ scope_columns(scopes) }},
    score,
    shift,
    {{ int_sum('customers') }} as customers
from shifts
{{ group_by_scope(scopes, ['month', 'score', 'shift']) }} -- noqa: PRS
