{%- set facets = ['nature', 'content', 'technique', 'handling'] -%}
select
    ticket_id,
    customer_id,
    store_id,
    region,
    channel,
    category,
    team,
    agent_id,
    {%- for facet in facets %}
    coalesce({{ facet }}, 'not_stated') as {{ facet }},
    {%- endfor %}
    outcome,
    case when outcome in ('won', 'lost') then outcome = 'won' end as is_won,
    created_at,
    case when outcome in ('won', 'lost') then coalesce(solved_month, created_month) end as decided_month
from {{ ref('fct_ticket') }}
where kind = 'objection' and not is_deleted and not is_merged
