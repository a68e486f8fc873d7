with customers as (
    select month, stage, grade, action, name from {{ ref('next_action') }}
)

select
    month,
    stage,
    grade,
    action,
    name,
    count(*) as customers
from customers
group by month, stage, grade, action, name
