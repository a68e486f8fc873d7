{#- One row per figure for which a change is called. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    (change_previous is not null and (previous is null or value is null))
    or (change_year_ago is not null and (year_ago is null or value is null)) as is_broken
from kefu.reporting.kpi_monthly
where change_previous is not null or change_year_ago is not null
