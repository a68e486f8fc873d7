{#- One row per figure that is a share of cases. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    coalesce(numerator < 0 or numerator > denominator, true) as is_broken
from kefu.reporting.kpi_monthly
where metric_id in ({{ metrics | selectattr("kind", "equalto", "proportion") | map(attribute="id") | map("literal") | join(", ") }})
