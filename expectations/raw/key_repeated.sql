{#- One row per key, within what makes its second arrival legitimate: a new day for snapshots, a day and version for deltas. -#}
{%- for supply in supplies %}
select
    '{{ supply.entity.name }} of {{ supply.source_system }}' as subject,
    concat_ws('|', {{ supply.entity.keys | map(attribute='name') | map('quote') | join(', ') }}) as key,
    min(row_hash) <> max(row_hash) as is_broken
from work.raw.{{ supply.entity.name }}
where source_system = {{ supply.source_system | literal }}
group by {{ supply.once_per | map('quote') | join(", ") }}
{{ "union all" if not loop.last }}
{%- endfor %}
