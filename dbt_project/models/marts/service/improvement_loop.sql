with months as (
    select
        month,
        month_end_at
    from {{ ref('int_core__months') }}
),

actions as (
    select
        action_id,
        metric_id,
        scope_type,
        scope_id,
        gap,
        cause,
        collected_at,
        analysed_at,
        planned_at,
        implemented_at,
        verified_at,
        due_at
    from {{ ref('int_service__improvement_actions') }}
)

select
    months.month,
    actions.action_id,
    actions.metric_id,
    actions.scope_type,
    actions.scope_id,
    actions.gap,
    actions.cause,
    case
        when actions.verified_at < months.month_end_at then 'verified'
        when actions.implemented_at < months.month_end_at then 'implemented'
        when actions.planned_at < months.month_end_at then 'planned'
        when actions.analysed_at < months.month_end_at then 'analysed'
        else 'collected'
    end as state,
    actions.collected_at,
    actions.due_at,
    {{ local_month('actions.due_at') }} = months.month as is_due_this_month,
    coalesce(
        actions.due_at < months.month_end_at
        and coalesce(actions.implemented_at >= months.month_end_at, true)
        and coalesce(actions.verified_at >= months.month_end_at, true),
        false
    ) as is_overdue,
    case
        when actions.due_at < months.month_end_at
            then
                case
                    when actions.implemented_at <= actions.due_at or actions.verified_at <= actions.due_at then true
                    when actions.implemented_at is not null or actions.verified_at is null then false
                end
    end as is_on_time,
    case when actions.implemented_at < months.month_end_at then actions.implemented_at end as implemented_at
from months
inner join actions on actions.collected_at is null or actions.collected_at < months.month_end_at
