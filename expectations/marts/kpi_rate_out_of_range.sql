{#- One row per figure that is a rate. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    value < 0 or value > 1 as is_broken
from kefu.reporting.kpi_monthly
where unit = 'rate' and value is not null
