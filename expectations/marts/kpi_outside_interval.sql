{#- One row per figure with an interval, or with half of one. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    coalesce(value < ci_low or value > ci_high, true) as is_broken
from kefu.reporting.kpi_monthly
where ci_low is not null or ci_high is not null
