{#- One row per figure that is a share of cases. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    coalesce(numerator < 0 or numerator > denominator, true) as is_broken
from kefu.reporting.kpi_monthly
inner join kefu.reporting.rpt_metric_definitions using (metric_id)
where kind = 'proportion'
