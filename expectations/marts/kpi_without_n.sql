{#- One row per figure. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    coalesce(n < 0, true) or (n = 0 and unit = 'rate' and value is not null) as is_broken
from kefu.reporting.kpi_monthly
