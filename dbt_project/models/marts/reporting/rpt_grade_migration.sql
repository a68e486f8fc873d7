{%- set scopes = {'region': 'region', 'store': 'store_id'} -%}
with migration as (
    select month, store_id, region, previous_grade, grade, direction, customers from {{ ref('grade_migration') }}
)

select
    month,
    {{ scope_columns(scopes) }},
    previous_grade,
    grade,
    direction,
    {{ int_sum('customers') }} as customers
from migration
{{ group_by_scope(scopes, ['month', 'previous_grade', 'grade', 'direction']) }} -- noqa: PRS
