{{ kpi_cells('customer') }}
