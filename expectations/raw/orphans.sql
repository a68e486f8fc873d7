{#- One row per foreign key whose parent the same source supplies: whether any load ever brought that parent. -#}
{%- for reference in references %}
select
    '{{ reference.entity }}.{{ reference.column }} of {{ reference.source_system }}' as subject,
    child.key,
    parent.key is null as is_broken
from (
    select distinct {{ reference.column | quote }} as key
    from work.raw.{{ reference.entity }}
    where source_system = {{ reference.source_system | literal }} and {{ reference.column | quote }} is not null
) as child
left join (
    select distinct {{ reference.parent_key | quote }} as key from work.raw.{{ reference.parent }}
) as parent on child.key = parent.key
{{ "union all" if not loop.last }}
{%- endfor %}
