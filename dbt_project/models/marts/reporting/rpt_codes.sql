{#- by table: dimension, code, place, name; a code that is kept by versions is named as its first -#}
{%- set lists = {
    'complaint_taxonomy': ['facet', 'code', 'place', 'label'],
    'objection_taxonomy': ['facet', 'code', 'place', 'label'],
    'complaint_steps_taxonomy': ["'method_step'", "method || '.' || step", 'place', 'label'],
    'need_kinds': ["'need'", 'need', 'place', 'label'],
    'journey_steps': ["'journey_step'", 'journey_step', 'place', 'label'],
    'churn_reason_groups': ["'reason'", 'reason', 'sort_order', 'name'],
    'next_actions': ["'action'", 'action', '0', 'name'],
    'rfm_segments': ["'rfm_segment'", 'segment', '(5 - r_from) * 10 + 5 - f_from', 'name'],
    'satisfaction_facets': ["'part'", 'facet', '0', 'label'],
    'product_levels': ["'part'", 'product_level', 'place', 'label'],
    'gap_causes': ["'cause_code'", 'cause_code', 'gap', 'label'],
    'int_service__standards': ["'standard_id'", 'standard_id', '0', 'label'],
} %}
{%- for list, columns in lists.items() %}
select
    '{{ list | replace('int_service__standards', 'service_standards') }}' as taxonomy,
    {{ columns[0] }} as dimension,
    {{ columns[1] }} as code,
    min({{ columns[2] }}) as place,
    min({{ columns[3] }}) as label
from {{ ref(list) }}
group by 1, 2, 3
{{ 'union all' if not loop.last }}
{%- endfor %}
