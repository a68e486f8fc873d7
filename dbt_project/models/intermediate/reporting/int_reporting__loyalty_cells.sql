{{ kpi_cells('loyalty') }}
