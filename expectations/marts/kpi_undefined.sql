{#- One row per metric with figures: whether the reports could say what it means. -#}
select
    kpi.metric_id as subject,
    kpi.metric_id as key,
    coalesce(
        kpi.unit <> definitions.unit
        or '' in (definitions.label, definitions.definition),
        true
    ) as is_broken
from (select distinct metric_id, unit from kefu.reporting.kpi_monthly) as kpi
left join kefu.reporting.rpt_metric_definitions as definitions on kpi.metric_id = definitions.metric_id
