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
