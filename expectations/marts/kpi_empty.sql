{#- One row, kpi_monthly: whether it has none although some metric has all that it stands on. -#}
select
    'reporting.kpi_monthly' as subject,
    'rows' as key,
    count(*) = 0
    and exists (
        select metric_id
        from kefu.reporting.metric_needs
        group by metric_id
        having bool_and(is_met)
    ) as is_broken
from kefu.reporting.kpi_monthly
