-- The company's changes alone: no other scope is divided further. Members of which a figure is hidden, in either month,
-- are told with the cases of none.
with
visible as (
    select distinct metric_id, month, scope_type, scope_id
    from cut_figures
    where dimension = '' and not is_hidden
),

named as (
    select
        parts.* exclude (scope_id),
        case
            when
                (coalesce(parts.n, 0) = 0 or now.metric_id is not null)
                and (coalesce(parts.base_n, 0) = 0 or base.metric_id is not null)
                then parts.scope_id
            else ''
        end as scope_id
    from reporting.rpt_contributions as parts
    left join visible as now
        on
            parts.metric_id = now.metric_id and parts.month = now.month
            and parts.scope_type = now.scope_type and parts.scope_id = now.scope_id
    left join visible as base
        on
            parts.metric_id = base.metric_id
            and base.month
            = parts.month - case parts.period when 'previous' then interval 1 month else interval 1 year end
            and parts.scope_type = base.scope_type and parts.scope_id = base.scope_id
    where parts.month = $month and list_contains($metrics, parts.metric_id) and list_contains($parts, parts.scope_type)
)

select
    metric_id, period, scope_type, scope_id, coalesce(any_value(name), scope_id) as name,
    case when scope_id <> '' then any_value(n) end as n,
    case when scope_id <> '' then any_value(value) end as value,
    case when scope_id <> '' then any_value(base_value) end as base_value,
    sum(contribution) as contribution
from named
left join reporting.rpt_scope_names using (scope_type, scope_id)
group by metric_id, period, scope_type, scope_id
order by
    list_position($metrics, metric_id), period, list_position($parts, scope_type), abs(sum(contribution)) desc, scope_id
