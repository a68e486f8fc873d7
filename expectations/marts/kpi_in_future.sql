{#- One row per month with figures. -#}
select
    'reporting.kpi_monthly' as subject,
    kpi.month as key,
    kpi.month > run.as_of_date as is_broken
from (select distinct month from kefu.reporting.kpi_monthly) as kpi
cross join work.control.run as run
