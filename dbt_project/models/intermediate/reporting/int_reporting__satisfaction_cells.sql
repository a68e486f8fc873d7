-- depends_on: {{ ref('ces') }}
-- depends_on: {{ ref('csat') }}
-- depends_on: {{ ref('csat_facet') }}
-- depends_on: {{ ref('kano') }}
-- depends_on: {{ ref('nps') }}
-- depends_on: {{ ref('satisfaction_index') }}
-- depends_on: {{ ref('servqual') }}
-- depends_on: {{ ref('servqual_dimension') }}
-- depends_on: {{ ref('six_qualities') }}
{{ kpi_cells('satisfaction') }}
