with months as (
    select month, month_end_date from {{ ref('int_core__build_months') }}
),

cuts as (
    select grade, up_to_share, valid_from, valid_to from {{ ref('grade_cuts') }}
)

select
    months.month,
    cuts.grade,
    coalesce(lag(cuts.up_to_share) over (partition by months.month order by cuts.up_to_share), 0) as from_share,
    cuts.up_to_share
from months
inner join cuts on {{ in_force('cuts', 'months.month_end_date') }}
