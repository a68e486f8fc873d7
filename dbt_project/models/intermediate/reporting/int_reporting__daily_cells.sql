-- depends_on: {{ ref('int_service__backlog_flows') }}
-- depends_on: {{ ref('int_service__failures') }}
-- depends_on: {{ ref('int_service__open_tickets') }}
-- depends_on: {{ ref('fct_ticket') }}
-- depends_on: {{ ref('first_reply') }}
-- depends_on: {{ ref('sla') }}
-- depends_on: {{ ref('calls') }}
-- depends_on: {{ ref('csat') }}
-- depends_on: {{ ref('fct_order') }}
{{ kpi_daily_cells() }}
