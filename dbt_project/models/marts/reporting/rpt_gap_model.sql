with gaps as (
    select month, gap, standard_id, unit, is_lower_better, first_value, second_value, gap_value, n, cause_code, status
    from {{ ref('gap_model') }}
),

causes as (
    select gap, label_en, label_zh, cause_en, cause_zh
    from {{ ref('gap_causes') }}
),

standards as (
    select standard_id, max(label_en) as standard_en, max(label_zh) as standard_zh
    from {{ ref('int_service__standards') }}
    group by standard_id
)

select
    gaps.month,
    gaps.gap,
    causes.label_en,
    causes.label_zh,
    gaps.standard_id,
    coalesce(standards.standard_en, 'SERVQUAL') as standard_en,
    coalesce(standards.standard_zh, 'SERVQUAL') as standard_zh,
    gaps.unit,
    gaps.is_lower_better,
    gaps.first_value,
    gaps.second_value,
    gaps.gap_value,
    gaps.gap_value < 0 as is_shortfall,
    gaps.n,
    gaps.cause_code,
    causes.cause_en,
    causes.cause_zh,
    gaps.status
from gaps
inner join causes on gaps.gap = causes.gap
left join standards on gaps.standard_id = standards.standard_id
