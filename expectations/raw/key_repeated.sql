{#- One row per key, within what makes its second arrival legitimate: a new day, for deltas a new version too.
    Contents are told apart by 64 bits of their hash: least and greatest of a text cost five times as much. -#}
{%- for supply in supplies %}
select
    '{{ supply.entity.name }} of {{ supply.source_system }}' as subject,
    concat_ws('|', {{ supply.entity.keys | map(attribute='name') | map('quote') | join(', ') }}) as key,
    min(hash(row_hash)) <> max(hash(row_hash)) as is_broken
from work.raw.{{ supply.entity.name }}
where source_system = {{ supply.source_system | literal }}
group by {{ supply.once_per | map('quote') | join(", ") }}
{{ "union all" if not loop.last }}
{%- endfor %}
