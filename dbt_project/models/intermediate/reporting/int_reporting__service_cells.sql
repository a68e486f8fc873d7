-- depends_on: {{ ref('fct_ticket') }}
-- depends_on: {{ ref('fct_service_order') }}
-- depends_on: {{ ref('first_reply') }}
-- depends_on: {{ ref('full_resolution') }}
-- depends_on: {{ ref('sla') }}
-- depends_on: {{ ref('backlog') }}
-- depends_on: {{ ref('standards') }}
-- depends_on: {{ ref('standard_counts') }}
-- depends_on: {{ ref('complaint_rate') }}
{{ kpi_cells('service') }}
