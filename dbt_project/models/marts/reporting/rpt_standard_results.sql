with results as (
    select
        month,
        scope_type,
        scope_id,
        standard_id,
        limit_unit,
        standard_value,
        promised_value,
        cases,
        on_time,
        on_time_rate,
        on_time_target,
        mean_value,
        mean_target,
        worst_value,
        p90_value,
        cases_to_prove,
        status
    from {{ ref('standard_scope_months') }}
),

months as (
    select month from {{ ref('int_core__months') }}
),

standards as (
    select
        standard_id,
        max(label) as label
    from {{ ref('int_service__standards') }}
    group by standard_id
)

select
    results.month,
    results.scope_type,
    results.scope_id,
    results.standard_id,
    standards.label,
    results.limit_unit,
    results.standard_value,
    results.promised_value,
    results.cases,
    results.on_time,
    results.on_time_rate,
    results.on_time_target,
    results.mean_value,
    results.mean_target,
    results.worst_value,
    results.p90_value,
    results.cases_to_prove,
    results.status
from results
inner join months on results.month = months.month
left join standards on results.standard_id = standards.standard_id
