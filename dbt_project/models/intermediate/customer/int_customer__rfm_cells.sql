with months as (
    select month, month_end_date from {{ ref('int_core__build_months') }}
),

segments as (
    select segment, r_from, r_to, f_from, f_to, m_from, m_to, valid_from, valid_to from {{ ref('rfm_segments') }}
),

scores as (
    select {{ int_series(1, 5) }} as score
)

select
    months.month,
    cast(r.score as integer) as r_score,
    cast(f.score as integer) as f_score,
    cast(m.score as integer) as m_score,
    segments.segment
from months
cross join scores as r
cross join scores as f
cross join scores as m
left join segments
    on {{ in_force('segments', 'months.month_end_date') }}
    and r.score between segments.r_from and segments.r_to
    and f.score between segments.f_from and segments.f_to
    and m.score between segments.m_from and segments.m_to
