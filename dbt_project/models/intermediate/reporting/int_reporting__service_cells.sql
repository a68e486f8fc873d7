{{ kpi_cells('service') }}
