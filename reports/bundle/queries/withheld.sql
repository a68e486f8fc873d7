select distinct metric_id, dimension
from cut_figures
where is_hidden and dimension <> '' and scope_type = $scope_type and scope_id = $scope_id
order by metric_id, dimension
