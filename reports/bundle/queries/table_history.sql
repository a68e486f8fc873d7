with
begun as (
    select
        coalesce(
            max(from_month) filter (where scope_type = $scope_type and scope_id = $scope_id),
            max(from_month) filter (where scope_type = 'company')
        ) as from_month
    from reporting.rpt_histories
    where list_contains($entities, entity)
    group by entity
)

select greatest(date_diff('month', max(from_month), $month) + 1, 0)
from begun
having max(from_month) is not null
