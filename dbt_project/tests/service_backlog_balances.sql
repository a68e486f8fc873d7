{#- opening + received + reopened + moved in - solved - deleted or merged - moved out (+ untimed, where loads alone show what is
   open) = closing = the tickets that are open, and opening = the closing before: for the company, and per attribute with the
   moves that change it. What is not known yet is null and balances with anything. Rows returned do not balance. -#}
{%- set scopes = ['company'] + backlog_attributes() -%}
with backlog as (
    select
        month,
        'company' as company,
        cast(0 as bigint) as moved_in_company,
        cast(0 as bigint) as moved_out_company,
        opening,
        closing,
        open_tickets,
        {%- for flow in backlog_flows() | list + backlog_moves() %}
        {{ flow }},
        {%- endfor %}
        {{ backlog_attributes() | join(',\n        ') }}
    from {{ ref('backlog') }}
),

months as (
    select min(month) as first_month
    from {{ ref('int_core__months') }}
),

balances as (
    {%- for scope in scopes %}
    {%- set moves = scope | replace('_id', '') %}
    select
        '{{ scope }}' as scope_type,
        coalesce({{ scope }}, '') as scope_id,
        month,
        sum(opening) as opening,
        {#- what is not known changes nothing #}
        sum(
            {%- for flow, sign in backlog_flows().items() %}
            {{ '- ' if sign < 0 else ('+ ' if not loop.first) }}coalesce({{ flow }}, 0)
            {%- endfor %}
            + coalesce(moved_in_{{ moves }}, 0) - coalesce(moved_out_{{ moves }}, 0)
        ) as change,
        sum(closing) as closing,
        sum(open_tickets) as open_tickets
    from backlog
    group by month, coalesce({{ scope }}, '')
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    balances.scope_type,
    balances.scope_id,
    balances.month,
    balances.opening,
    balances.change,
    balances.closing,
    balances.open_tickets,
    earlier.closing as closing_before
from balances
cross join months
left join balances as earlier
    on
        balances.scope_type = earlier.scope_type
        and balances.scope_id = earlier.scope_id
        and earlier.month = {{ add_months('balances.month', -1) }}
where
    balances.opening + balances.change <> balances.closing
    or balances.closing <> balances.open_tickets
    or (balances.month > months.first_month and balances.opening <> coalesce(earlier.closing, 0))
