-- depends_on: {{ ref('fct_points_entry') }}
-- depends_on: {{ ref('points') }}
-- depends_on: {{ ref('points_flow') }}
-- depends_on: {{ ref('tiers') }}
{{ kpi_cells('loyalty') }}
