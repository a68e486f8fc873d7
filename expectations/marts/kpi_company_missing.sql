{#- One row per month, metric and dimension value with a figure. -#}
select
    metric_id as subject,
    concat_ws('|', month, metric_id, dimension, dimension_value) as key,
    count_if(scope_type = 'company') <> 1 as is_broken
from kefu.reporting.kpi_monthly
group by month, metric_id, dimension, dimension_value
