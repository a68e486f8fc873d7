{{ kpi_cells('lifecycle') }}
