-- depends_on: {{ ref('int_core__metric_sources') }}
-- depends_on: {{ ref('cost_to_serve') }}
-- depends_on: {{ ref('revenue_at_risk') }}
-- depends_on: {{ ref('retention_whatif') }}
-- depends_on: {{ ref('service_profit_chain') }}
{{ metric_cells('economics') }}
