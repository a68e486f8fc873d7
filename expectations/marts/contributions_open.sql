{#- One row per called change and kind of member: whether what the members add makes the change. -#}
with

summed as (
    select month, metric_id, period, scope_type, sum(contribution) as contribution
    from kefu.reporting.rpt_contributions
    group by month, metric_id, period, scope_type
),

company as (
    select month, metric_id, value from kefu.reporting.kpi_monthly where scope_type = 'company' and dimension = ''
)

select
    summed.metric_id as subject,
    concat_ws('|', summed.month, summed.metric_id, summed.period, summed.scope_type) as key,
    -- each contribution is rounded once
    abs(summed.contribution - (company.value - base.value)) > 1e-5 * greatest(1, abs(company.value)) as is_broken
from summed
inner join company using (month, metric_id)
inner join company as base
    on summed.metric_id = base.metric_id
    and base.month = summed.month - case summed.period when 'previous' then interval 1 month else interval 1 year end
