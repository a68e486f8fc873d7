-- Figures of the months of a trend, splits of the month alone: what is compared belongs to the month too.
create or replace temp table cut_figures as
with
chosen as (
    select
        report_figures.*,
        dimension = '' and month = $month as is_compared,
        list_position($metrics, metric_id) as metric_place
    from report_figures
    where month between $first and $month and list_contains($metrics, metric_id) and (dimension = '' or month = $month)
),

hidden_previously as (
    select distinct metric_id, scope_type, scope_id
    from hidden_keys
    where dimension = '' and list_contains($previous, month)
),

hidden_a_year_ago as (
    select distinct metric_id, scope_type, scope_id
    from hidden_keys
    where dimension = '' and list_contains($year_ago, month)
),

marked as (
    select
        chosen.*,
        hidden.metric_id is not null as is_hidden,
        chosen.is_compared and previously.metric_id is not null as is_previous_hidden,
        chosen.is_compared and a_year_ago.metric_id is not null as is_year_ago_hidden
    from chosen
    left join hidden_keys as hidden
        on
            chosen.metric_id = hidden.metric_id and chosen.month = hidden.month
            and chosen.scope_type = hidden.scope_type and chosen.scope_id = hidden.scope_id
            and chosen.dimension = hidden.dimension and chosen.dimension_value = hidden.dimension_value
    left join hidden_previously as previously
        on
            chosen.metric_id = previously.metric_id
            and chosen.scope_type = previously.scope_type and chosen.scope_id = previously.scope_id
    left join hidden_a_year_ago as a_year_ago
        on
            chosen.metric_id = a_year_ago.metric_id
            and chosen.scope_type = a_year_ago.scope_type and chosen.scope_id = a_year_ago.scope_id
)

select
    month, scope_type, scope_id, metric_id, dimension, dimension_value, is_hidden, metric_place,
    case when not is_hidden then value end as value,
    case when not is_hidden then n end as n,
    case when not is_hidden then ci_low end as ci_low,
    case when not is_hidden then ci_high end as ci_high,
    target,
    case when is_hidden then 'suppressed' else status end as status,
    case when is_compared and not is_hidden and not is_previous_hidden then previous end as previous,
    case when is_compared and not is_hidden and not is_previous_hidden then previous_n end as previous_n,
    case when is_compared and not is_hidden and not is_year_ago_hidden then year_ago end as year_ago,
    case when not is_hidden and not is_previous_hidden then change_previous end as change_previous,
    case when not is_hidden and not is_year_ago_hidden then change_year_ago end as change_year_ago
from marked
order by scope_type, scope_id
