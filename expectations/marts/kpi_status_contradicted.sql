{#- One row per figure with a status. -#}
{%- from "_cell.sql" import cell %}
select
    metric_id as subject,
    {{ cell() }} as key,
    case status
        when 'met' then target is null or value is null
        when 'missed' then target is null or value is null
        when 'no_target' then target is not null
        when 'too_few' then change_previous is not null or change_year_ago is not null
        else true
    end as is_broken
from kefu.reporting.kpi_monthly
where status is not null
