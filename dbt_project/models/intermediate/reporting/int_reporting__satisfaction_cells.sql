-- depends_on: {{ ref('csat') }}
-- depends_on: {{ ref('nps') }}
-- depends_on: {{ ref('servqual') }}
-- depends_on: {{ ref('servqual_dimension') }}
{{ kpi_cells('satisfaction') }}
