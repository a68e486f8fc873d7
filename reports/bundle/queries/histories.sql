select metric_id, max(covered_months) as covered_months, max(window_months) as window_months
from report_figures
where
    month = $month and scope_type = $scope_type and scope_id = $scope_id
    and covered_months < window_months and list_contains($windowed, metric_id)
group by metric_id
order by list_position($windowed, metric_id)
