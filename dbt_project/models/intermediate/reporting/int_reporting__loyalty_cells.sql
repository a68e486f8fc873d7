-- depends_on: {{ ref('competitor_immunity') }}
-- depends_on: {{ ref('error_tolerance') }}
-- depends_on: {{ ref('fct_points_entry') }}
-- depends_on: {{ ref('points') }}
-- depends_on: {{ ref('points_flow') }}
-- depends_on: {{ ref('price_tolerance') }}
-- depends_on: {{ ref('purchase_volume') }}
-- depends_on: {{ ref('tiers') }}
-- depends_on: {{ ref('word_of_mouth') }}
{{ kpi_cells('loyalty') }}
