with customers as (
    select month, stage, grade, action, name_en, name_zh from {{ ref('next_action') }}
)

select
    month,
    stage,
    grade,
    action,
    name_en,
    name_zh,
    count(*) as customers
from customers
group by month, stage, grade, action, name_en, name_zh
