{#- A ticket is received once, when it is created. Where nothing told then that it was open, it leaves again in that moment,
   untimed, and enters untimed when a load shows it open; one that a load shows closed leaves untimed, for nobody reported when it
   was solved. -#}
{%- set enters = {
    'received': counted_if('state_no = 1'),
    'reopened': counted_if('state_no > 1 and not was_open and reopens'),
    'moved_in': counted_if('was_open'),
    'untimed': 'case when not is_open then -1 when state_no > 1 and not was_open and not reopens then 1 else 0 end',
} -%}
{%- set leaves = {
    'solved': counted_if('not is_open and resolves'),
    'removed': counted_if('not is_open and is_removed'),
    'moved_out': counted_if('is_open'),
    'untimed': 'case when not is_open and not resolves and not is_removed then -1 else 0 end',
} -%}
{%- for attribute in backlog_attributes() -%}
    {%- set suffix = attribute | replace('_id', '') -%}
    {%- do enters.update({'moved_in_' ~ suffix: counted_if('was_open and ' ~ attribute ~ ' <> ' ~ attribute ~ '_before')}) -%}
    {%- do leaves.update({'moved_out_' ~ suffix: counted_if('is_open and ' ~ attribute ~ ' <> ' ~ attribute ~ '_before')}) -%}
{%- endfor -%}
with states as (
    select
        ticket_id,
        state_no,
        started_at,
        is_open,
        was_open,
        is_removed,
        resolves,
        reopens,
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
        cast({{ counted_if('is_open') }} as bigint) as net,
        {{ flow_columns(enters) }}
    from states
    where is_open or state_no = 1
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
    {%- for flow in backlog_flows() | list + backlog_moves() %}
    {{ flow }},
    {%- endfor %}
    net
from {{ part }}
{{ 'union all' if not loop.last }}
{%- endfor %}
