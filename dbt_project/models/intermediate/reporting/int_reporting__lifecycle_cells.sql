-- depends_on: {{ ref('cohort_retention') }}
{{ kpi_cells('lifecycle') }}
