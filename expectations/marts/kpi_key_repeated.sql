{#- One row per key of kpi_monthly: whether it stands there twice. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    count(*) > 1 as is_broken
from kefu.reporting.kpi_monthly
group by month, scope_type, scope_id, metric_id, dimension, dimension_value
