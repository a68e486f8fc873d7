{{ kpi_cells('satisfaction') }}
