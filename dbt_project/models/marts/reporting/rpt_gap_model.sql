with gaps as (
    select month, gap, standard_id, unit, is_lower_better, first_value, second_value, gap_value, n, cause_code, status
    from {{ ref('gap_model') }}
),

causes as (
    select gap, label, cause
    from {{ ref('gap_causes') }}
),

standards as (
    select standard_id, max(label) as standard
    from {{ ref('int_service__standards') }}
    group by standard_id
)

select
    gaps.month,
    gaps.gap,
    causes.label,
    gaps.standard_id,
    coalesce(standards.standard, 'SERVQUAL') as standard,
    gaps.unit,
    gaps.is_lower_better,
    gaps.first_value,
    gaps.second_value,
    gaps.gap_value,
    gaps.gap_value < 0 as is_shortfall,
    gaps.n,
    gaps.cause_code,
    causes.cause,
    gaps.status
from gaps
inner join causes on gaps.gap = causes.gap
left join standards on gaps.standard_id = standards.standard_id
