-- Exclusive and exhaustive: each of the nine stages of customers by each grade has exactly one action, prospects one by stage alone.
with stages as (
    {%- for stage in ['new', 'growing', 'mature', 'declining', 'at_risk', 'lost', 'reactivated', 'active', 'closed'] %}
    select '{{ stage }}' as stage{{ ' union all' if not loop.last }}
    {%- endfor %}
),

grades as (
    select distinct grade from {{ ref('grade_cuts') }}
),

wanted as (
    select stages.stage, grades.grade from stages cross join grades
    union all
    select 'prospect' as stage, '*' as grade
),

found as (
    select stage, grade, count(*) as actions
    from {{ ref('next_actions') }}
    group by stage, grade
)

select
    coalesce(wanted.stage, found.stage) as stage,
    coalesce(wanted.grade, found.grade) as grade,
    found.actions
from wanted
full outer join found on wanted.stage = found.stage and wanted.grade = found.grade
where wanted.stage is null or found.stage is null or found.actions <> 1
