{# Figures per scope in one aggregation: the company and each declared scope, one at a time. scopes maps a scope type to
   its column, e.g. {'region': 'region', 'store': 'store_id'}; rows without the scope's value are in no scope of that type. #}

{# scope_type and scope_id of a grouped row; scope_id is null for the rows without the scope's value. #}
{% macro scope_columns(scopes) -%}
{%- if scopes -%}
case {% for scope, column in scopes.items() %}when grouping({{ column }}) = 0 then '{{ scope }}' {% endfor %}else 'company' end as scope_type,
    case {% for column in scopes.values() %}when grouping({{ column }}) = 0 then {{ column }} {% endfor %}else 'company' end as scope_id
{%- else -%}
'company' as scope_type,
    'company' as scope_id
{%- endif -%}
{%- endmacro %}

{# The group by clause. keys: columns of every group; splits: columns of which each group has one more, one at a time,
   selected as dimension_value. Spark resolves what `having` names among the selected columns alone. #}
{% macro group_by_scope(scopes, keys, splits=[none]) -%}
{%- set sets = [] -%}
{%- for scope in [none] + scopes.values() | list -%}
    {%- for split in splits -%}
        {%- do sets.append('(' ~ (keys + [scope, split]) | reject('none') | join(', ') ~ ')') -%}
    {%- endfor -%}
{%- endfor -%}
group by grouping sets ({{ sets | join(', ') }})
having scope_id is not null{{ ' and dimension_value is not null' if splits != [none] }}
{%- endmacro %}
