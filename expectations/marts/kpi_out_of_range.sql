{#- One row per figure or end of an interval that the metric's range bounds. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    coalesce(least(value, ci_low) < range_low, false) or coalesce(greatest(value, ci_high) > range_high, false) as is_broken
from kefu.reporting.kpi_monthly
inner join kefu.reporting.rpt_metric_definitions using (metric_id)
where (range_low is not null or range_high is not null) and coalesce(value, ci_low, ci_high) is not null
