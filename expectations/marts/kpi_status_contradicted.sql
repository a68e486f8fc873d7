{#- One row per figure: whether its status agrees with its target, and what is too few or too young to judge claims no change. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    coalesce(
        case status
            when 'met' then case direction when 'up' then value < target when 'down' then value > target end
            when 'missed' then case direction when 'up' then value >= target when 'down' then value <= target end
            when 'too_few' then change_previous is not null or change_year_ago is not null
            when 'short_history'
                then
                    coalesce(covered_months >= kpi_monthly.window_months, true)
                    or previous is not null or year_ago is not null or change_previous is not null or change_year_ago is not null
            when 'no_target' then false
        end,
        true
    ) as is_broken
from kefu.reporting.kpi_monthly
inner join kefu.reporting.rpt_metric_definitions using (metric_id, unit)
