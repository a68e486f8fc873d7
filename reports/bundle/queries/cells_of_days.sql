select metric_id, day, scope_type, scope_id, dimension, dimension_value, n
from reporting.kpi_daily
where day between $month and $last and dimension = '' and n > 0 and list_contains($metrics, metric_id)
