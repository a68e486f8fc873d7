{{ config(alias='codes') }}
{%- set lists = {
    'complaint_taxonomy': ['facet', 'code'],
    'objection_taxonomy': ['facet', 'code'],
    'complaint_steps_taxonomy': ["'method_step'", "method || '.' || step"],
    'journey_steps': ["'journey_step'", 'journey_step'],
} %}
{%- for list, columns in lists.items() %}
select
    '{{ list }}' as taxonomy,
    {{ columns[0] }} as dimension,
    {{ columns[1] }} as code,
    place,
    label_en,
    label_zh
from {{ ref(list) }}
{{ 'union all' if not loop.last }}
{%- endfor %}
