{#- a move counts for the scope it leaves and the one it enters; within the company there is none, where what is open is known -#}
{%- set no_move = 'case when closing is not null then 0 end' -%}
{%- set scopes = {'company': none, 'region': 'region', 'store': 'store_id', 'channel': 'channel', 'category': 'category', 'team': 'team'} -%}
with cells as (
    select
        month,
        region,
        store_id,
        channel,
        category,
        team,
        opening,
        received,
        reopened,
        {%- for scope in scopes if scope != 'company' %}
        moved_in_{{ scope }},
        moved_out_{{ scope }},
        {%- endfor %}
        solved,
        removed,
        untimed,
        closing
    from {{ ref('backlog') }}
)

{% for scope, column in scopes.items() %}
select
    month,
    '{{ scope }}' as scope_type,
    {{ column or "'company'" }} as scope_id,
    {{ int_sum('opening') }} as opening,
    {{ int_sum('received') }} as received,
    {{ int_sum('reopened') }} as reopened,
    {{ int_sum('moved_in_' ~ scope if column else no_move) }} as moved_in,
    {{ int_sum('solved') }} as solved,
    {{ int_sum('removed') }} as removed,
    {{ int_sum('moved_out_' ~ scope if column else no_move) }} as moved_out,
    {{ int_sum('untimed') }} as untimed,
    {{ int_sum('closing') }} as closing
from cells
{%- if column %}
where {{ column }} is not null
{%- endif %}
group by month{{ ', ' ~ column if column }}
{{ 'union all' if not loop.last }}
{%- endfor %}
