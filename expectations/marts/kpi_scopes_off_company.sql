{#- One row per month, metric and scope type whose cases are counted once. A case without a scope is in the company alone. -#}
with

counted as (
    select
        *,
        coalesce(numerator, value) as amount
    from kefu.reporting.kpi_monthly
    where
        dimension = ''
        and metric_id in ({{ metrics | selectattr("adds_up") | map(attribute="id") | map("literal") | join(", ") }})
),

scopes as (
    select
        month,
        metric_id,
        scope_type,
        sum(n) as n,
        sum(amount) as amount
    from counted
    where scope_type <> 'company'
    group by month, metric_id, scope_type
)

select
    scopes.metric_id as subject,
    concat_ws('|', scopes.month, scopes.metric_id, scopes.scope_type) as key,
    scopes.n > company.n or (scopes.n = company.n and scopes.amount <> company.amount) as is_broken
from scopes
inner join counted as company
    on scopes.month = company.month
    and scopes.metric_id = company.metric_id
    and company.scope_type = 'company'
