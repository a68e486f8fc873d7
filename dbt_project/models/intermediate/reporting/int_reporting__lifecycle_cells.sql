-- depends_on: {{ ref('cohort_retention') }}
-- depends_on: {{ ref('lifetime_group') }}
{{ kpi_cells('lifecycle') }}
