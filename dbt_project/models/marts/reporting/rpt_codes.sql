{#- by table: dimension, code, place, English and Chinese name; a code that is kept by versions is named as its first -#}
{%- set lists = {
    'complaint_taxonomy': ['facet', 'code', 'place', 'label_en', 'label_zh'],
    'objection_taxonomy': ['facet', 'code', 'place', 'label_en', 'label_zh'],
    'complaint_steps_taxonomy': ["'method_step'", "method || '.' || step", 'place', 'label_en', 'label_zh'],
    'need_kinds': ["'need'", 'need', 'place', 'label_en', 'label_zh'],
    'journey_steps': ["'journey_step'", 'journey_step', 'place', 'label_en', 'label_zh'],
    'churn_reason_groups': ["'reason'", 'reason', 'sort_order', 'name_en', 'name_zh'],
    'next_actions': ["'action'", 'action', '0', 'name_en', 'name_zh'],
    'rfm_segments': ["'rfm_segment'", 'segment', '(5 - r_from) * 10 + 5 - f_from', 'name_en', 'name_zh'],
    'satisfaction_facets': ["'part'", 'facet', '0', 'label_en', 'label_zh'],
    'product_levels': ["'part'", 'product_level', 'place', 'label_en', 'label_zh'],
    'int_service__standards': ["'standard_id'", 'standard_id', '0', 'label_en', 'label_zh'],
} %}
{%- for list, columns in lists.items() %}
select
    '{{ list | replace('int_service__standards', 'service_standards') }}' as taxonomy,
    {{ columns[0] }} as dimension,
    {{ columns[1] }} as code,
    min({{ columns[2] }}) as place,
    min({{ columns[3] }}) as label_en,
    min({{ columns[4] }}) as label_zh
from {{ ref(list) }}
group by 1, 2, 3
{{ 'union all' if not loop.last }}
{%- endfor %}
