{%- set months = var('improvement_effect_months') -%}
with loop_months as (
    select
        month,
        action_id,
        metric_id,
        scope_type,
        scope_id,
        gap,
        cause,
        implemented_at
    from {{ ref('improvement_loop') }}
),

latest as (
    select max(month) as month
    from loop_months
),

complete_months as (
    select month
    from {{ ref('int_core__months') }}
    where is_complete
),

estimates as (
    select
        month,
        scope_type,
        scope_id,
        metric_id,
        kind,
        case when kind = 'nps' then 100e0 when unit = 'per_1000' then 1000e0 else 1e0 end as per,
        n,
        numerator,
        denominator,
        value
    from {{ ref('int_reporting__estimates') }}
    where dimension = '' and value is not null
),

definitions as (
    select
        metric_id,
        direction
    from {{ ref('rpt_metric_definitions') }}
),

t_quantiles as (
    select
        df_from,
        df_to,
        t_975
    from {{ ref('t_quantiles') }}
),

implemented as (
    select
        loop_months.action_id,
        loop_months.metric_id,
        loop_months.scope_type,
        loop_months.scope_id,
        loop_months.gap,
        loop_months.cause,
        {{ local_month('loop_months.implemented_at') }} as implemented_month
    from loop_months
    inner join latest on loop_months.month = latest.month
    where loop_months.implemented_at is not null
),

-- the month of the change itself is on neither side
sides as (
    select
        implemented.action_id,
        complete_months.month,
        case when complete_months.month < implemented.implemented_month then 'before' else 'after' end as side
    from implemented
    inner join complete_months
        on
            complete_months.month >= {{ add_months('implemented.implemented_month', -months) }}
            and complete_months.month <= {{ add_months('implemented.implemented_month', months) }}
            and complete_months.month <> implemented.implemented_month
),

touched as (
    select distinct
        implemented.action_id,
        others.scope_id
    from implemented
    inner join implemented as others
        on
            implemented.metric_id = others.metric_id
            and implemented.scope_type = others.scope_type
            and others.implemented_month >= {{ add_months('implemented.implemented_month', -months) }}
            and others.implemented_month <= {{ add_months('implemented.implemented_month', months) }}
),

-- a scope's figure over the months of a side: from the sums where the figure has them, else the mean of its months
figures as (
    select
        implemented.action_id,
        estimates.scope_id,
        sides.side,
        sum(estimates.n) as n,
        case
            when max(estimates.kind) in ('proportion', 'mean', 'nps', 'ratio', 'poisson')
                then max(estimates.per) * {{ divide('sum(estimates.numerator)', 'sum(estimates.denominator)') }}
            else avg(estimates.value)
        end as value
    from implemented
    inner join sides on implemented.action_id = sides.action_id
    inner join estimates
        on
            implemented.metric_id = estimates.metric_id
            and implemented.scope_type = estimates.scope_type
            and sides.month = estimates.month
    group by implemented.action_id, estimates.scope_id, sides.side
    having count(*) = {{ months }} and sum(estimates.n) >= {{ var('min_n') }}
),

changes as (
    select
        implemented.action_id,
        before_side.scope_id,
        before_side.scope_id = implemented.scope_id as is_treated,
        before_side.n as before_n,
        after_side.n as after_n,
        before_side.value as before_value,
        after_side.value as after_value,
        after_side.value - before_side.value as change
    from implemented
    inner join figures as before_side on implemented.action_id = before_side.action_id and before_side.side = 'before'
    inner join figures as after_side
        on
            before_side.action_id = after_side.action_id
            and before_side.scope_id = after_side.scope_id
            and after_side.side = 'after'
    left join touched on before_side.action_id = touched.action_id and before_side.scope_id = touched.scope_id
    where before_side.scope_id = implemented.scope_id or touched.scope_id is null
),

summed as (
    select
        action_id,
        max(case when is_treated then before_n end) as before_n,
        max(case when is_treated then after_n end) as after_n,
        max(case when is_treated then before_value end) as before_value,
        max(case when is_treated then after_value end) as after_value,
        max(case when is_treated then change end) as change,
        count(case when not is_treated then 1 end) as untouched_scopes,
        avg(case when not is_treated then change end) as untouched_change,
        stddev_samp(case when not is_treated then change end) as untouched_spread
    from changes
    group by action_id
),

-- how far one scope's change may lie from the others' by what scopes do without any action: the prediction interval of one more
compared as (
    select
        summed.action_id,
        summed.change - summed.untouched_change as effect,
        cast(t_quantiles.t_975 as double) * summed.untouched_spread * sqrt(1e0 + {{ divide('1', 'summed.untouched_scopes') }}) as reach
    from summed
    left join t_quantiles on summed.untouched_scopes - 1 between t_quantiles.df_from and t_quantiles.df_to
),

progress as (
    select
        action_id,
        count(case when side = 'after' then 1 end) as months_after
    from sides
    group by action_id
)

select
    implemented.action_id,
    implemented.metric_id,
    implemented.scope_type,
    implemented.scope_id,
    implemented.gap,
    implemented.cause,
    implemented.implemented_month,
    {{ add_months('implemented.implemented_month', months) }} as month,
    summed.before_n,
    summed.after_n,
    {{ measure('summed.before_value') }} as before_value,
    {{ measure('summed.after_value') }} as after_value,
    {{ measure('summed.change') }} as change,
    case
        when definitions.metric_id is not null and implemented.scope_type is not null and implemented.scope_id is not null
            then coalesce(summed.untouched_scopes, 0)
    end as untouched_scopes,
    {{ measure('summed.untouched_change') }} as untouched_change,
    {{ measure('compared.effect') }} as effect,
    {{ measure('compared.effect - compared.reach') }} as effect_low,
    {{ measure('compared.effect + compared.reach') }} as effect_high,
    case
        when coalesce(progress.months_after, 0) < {{ months }} then 'not_yet'
        when definitions.metric_id is null then 'unknown_metric'
        when summed.change is null then 'too_few'
        when compared.reach is null then 'nothing_to_compare'
        when compared.effect - compared.reach <= 0 and compared.effect + compared.reach >= 0 then 'no_clear_effect'
        when definitions.direction = 'none' then 'changed'
        when (compared.effect > 0) = (definitions.direction = 'up') then 'better'
        else 'worse'
    end as verdict
from implemented
left join summed on implemented.action_id = summed.action_id
left join compared on implemented.action_id = compared.action_id
left join progress on implemented.action_id = progress.action_id
left join definitions on implemented.metric_id = definitions.metric_id
