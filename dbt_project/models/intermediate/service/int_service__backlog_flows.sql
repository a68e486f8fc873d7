{%- set enters = {
    'received': 'not was_open and not was_ever_open',
    'reopened': 'not was_open and was_ever_open',
    'moved_in': 'was_open',
} -%}
{%- set leaves = {
    'solved': 'not is_open and not is_removed',
    'removed': 'not is_open and is_removed',
    'moved_out': 'is_open',
} -%}
{%- for attribute in backlog_attributes() -%}
    {%- set suffix = attribute | replace('_id', '') -%}
    {%- do enters.update({'moved_in_' ~ suffix: 'was_open and ' ~ attribute ~ ' <> ' ~ attribute ~ '_before'}) -%}
    {%- do leaves.update({'moved_out_' ~ suffix: 'is_open and ' ~ attribute ~ ' <> ' ~ attribute ~ '_before'}) -%}
{%- endfor -%}
with states as (
    select
        ticket_id,
        started_at,
        is_open,
        was_open,
        is_removed,
        was_ever_open,
        {%- for attribute in backlog_attributes() %}
        {{ attribute }},
        {{ attribute }}_before{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_service__ticket_states') }}
),

-- what enters a cell
entering as (
    select
        ticket_id,
        started_at as happened_at,
        {%- for attribute in backlog_attributes() %}
        {{ attribute }},
        {%- endfor %}
        cast(1 as bigint) as net,
        {{ flow_columns(enters) }}
    from states
    where is_open
),

-- what leaves the cell it was in
leaving as (
    select
        ticket_id,
        started_at as happened_at,
        {%- for attribute in backlog_attributes() %}
        {{ attribute }}_before as {{ attribute }},
        {%- endfor %}
        cast(-1 as bigint) as net,
        {{ flow_columns(leaves) }}
    from states
    where was_open
)
{%- for part in ['entering', 'leaving'] %}

select
    ticket_id,
    happened_at,
    {{ local_month('happened_at') }} as month,
    {%- for attribute in backlog_attributes() %}
    {{ attribute }},
    {%- endfor %}
    {%- for flow in backlog_flows() + backlog_moves() %}
    {{ flow }},
    {%- endfor %}
    net
from {{ part }}
{{ 'union all' if not loop.last }}
{%- endfor %}
