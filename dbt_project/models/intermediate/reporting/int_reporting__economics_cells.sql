{{ kpi_cells('economics') }}
