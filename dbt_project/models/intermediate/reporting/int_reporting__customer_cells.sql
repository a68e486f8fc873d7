-- depends_on: {{ ref('clv') }}
-- depends_on: {{ ref('customer_profile') }}
-- depends_on: {{ ref('fct_customer_month') }}
-- depends_on: {{ ref('fct_order') }}
-- depends_on: {{ ref('profitability') }}
{{ kpi_cells('customer') }}
