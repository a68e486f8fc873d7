{# Statuses in which the clocks that add up periods run. #}
{% macro status_clocks() -%}
    {{ return({
        'agent_work': "'new', 'open'",
        'requester_wait': "'new', 'open', 'hold'",
        'agent_wait': "'pending'",
        'on_hold': "'hold'",
    }) }}
{%- endmacro %}

{# SLA metrics whose clock pauses, with the statuses in which it runs. The others, replies, never pause. #}
{% macro paused_metrics() -%}
    {{ return({
        'first_resolution': "'new', 'open', 'hold'",
        'full_resolution': "'new', 'open', 'hold'",
        'agent_work': status_clocks()['agent_work'],
        'requester_wait': status_clocks()['requester_wait'],
    }) }}
{%- endmacro %}


{# The tickets for which an interval from their creation has ended, deleted ones left out, with these measures of it. ended:
   the end as fct_ticket names it, without _at. #}
{% macro ended_tickets(ended, measures) -%}
select
    ticket_id,
    customer_id,
    store_id,
    region,
    channel,
    category,
    team,
    priority,
    kind,
    created_at,
    {{ ended }}_at,
    {{ ended }}_month,
    {{ measures | join(',\n    ') }}
from {{ ref('fct_ticket') }}
where {{ ended }}_at is not null and not is_deleted
{%- endmacro %}
