{#- One row per month, metric and scope type whose cases add up. A case without a scope counts in the company alone. -#}
with

counted as (
    select
        kpi.*,
        coalesce(kpi.numerator, kpi.value) as amount,
        -- the cases of a ratio count one side of it, and money of one sale may lie in several categories
        definitions.kind in ('proportion', 'mean', 'nps', 'count')
        or (definitions.kind = 'sum' and kpi.scope_type <> 'category') as is_by_case
    from kefu.reporting.kpi_monthly as kpi
    inner join kefu.reporting.rpt_metric_definitions as definitions on kpi.metric_id = definitions.metric_id
    where kpi.dimension = '' and definitions.kind in ('proportion', 'mean', 'nps', 'ratio', 'sum', 'count')
),

scopes as (
    select
        month,
        metric_id,
        scope_type,
        sum(n) as n,
        sum(amount) as amount,
        bool_and(is_by_case) as is_by_case
    from counted
    where scope_type <> 'company'
    group by month, metric_id, scope_type
)

select
    scopes.metric_id as subject,
    concat_ws('|', scopes.month, scopes.metric_id, scopes.scope_type) as key,
    scopes.n > company.n or (
        scopes.n = company.n
        and company.n > 0
        and scopes.is_by_case
        -- a figure of doubles is rounded once for the company and once for each scope
        and abs(scopes.amount - company.amount) > 1e-6 * greatest(1, abs(company.amount))
    ) as is_broken
from scopes
inner join counted as company
    on scopes.month = company.month
    and scopes.metric_id = company.metric_id
    and company.scope_type = 'company'
