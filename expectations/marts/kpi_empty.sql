{#- One row, kpi_monthly: whether it has none. -#}
select
    'reporting.kpi_monthly' as subject,
    'rows' as key,
    count(*) = 0 as is_broken
from kefu.reporting.kpi_monthly
