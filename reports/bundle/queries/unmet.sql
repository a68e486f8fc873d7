select metric_id, list(entity || '.' || column_name order by entity, column_name) as columns
from reporting.rpt_metric_needs
where not is_met and list_contains($metrics, metric_id)
group by metric_id, need_no
order by list_position($metrics, metric_id), need_no
