select metric_id, month, scope_type, scope_id, dimension, dimension_value, n
from report_figures
where
    month between $since and $month and list_contains($counted, metric_id) and n > 0
    and (dimension = '' or month = $month or list_contains($splits, concat_ws('/', metric_id, dimension, month)))
