{#- the headline of service quality: what each of its three parts is told by -#}
{%- set parts = [
    ('promptness', 'sla', ''),
    ('promptness', 'standards', ''),
    ('promptness', 'first_reply', ''),
    ('accuracy', 'first_time_right', ''),
    ('accuracy', 'standards_without_defect', 'billing_error'),
    ('reliability', 'promise_kept', ''),
    ('reliability', 'promise_kept_service', ''),
] -%}
with kpis as (
    select
        month, scope_type, scope_id, metric_id, dimension_value, unit, value, n, ci_low, ci_high, target, status,
        previous, year_ago, change_previous, change_year_ago
    from {{ ref('kpi_monthly') }}
    where metric_id in ('{{ parts | map(attribute=1) | unique | join("', '") }}') and (dimension = '' or dimension = 'standard_id')
),

parts as (
    {%- for part, metric_id, dimension_value in parts %}
    select '{{ part }}' as part, {{ loop.index }} as place, '{{ metric_id }}' as metric_id, '{{ dimension_value }}' as dimension_value
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    kpis.month,
    kpis.scope_type,
    kpis.scope_id,
    parts.part,
    parts.place,
    kpis.metric_id,
    kpis.dimension_value,
    kpis.unit,
    kpis.value,
    kpis.n,
    kpis.ci_low,
    kpis.ci_high,
    kpis.target,
    kpis.status,
    kpis.previous,
    kpis.year_ago,
    kpis.change_previous,
    kpis.change_year_ago
from parts
inner join kpis on parts.metric_id = kpis.metric_id and parts.dimension_value = kpis.dimension_value
