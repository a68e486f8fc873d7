-- depends_on: {{ ref('backlog') }}
-- depends_on: {{ ref('fct_ticket') }}
-- depends_on: {{ ref('first_reply') }}
-- depends_on: {{ ref('full_resolution') }}
-- depends_on: {{ ref('sla') }}
{{ kpi_cells('service') }}
