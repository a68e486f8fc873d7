{%- set attributes = backlog_attributes() -%}
{%- set flows = backlog_flows() | list + backlog_moves() -%}
{#- Age bands of what is open at a month's end, by days since creation. -#}
{%- set age = seconds_between('lasting.created_at', 'months.month_end_at') -%}
{%- set limits = [['under_1_day', 0, 1], ['1_to_3_days', 1, 3], ['3_to_7_days', 3, 7], ['7_to_30_days', 7, 30]] -%}
{%- set bands = {} -%}
{%- for name, from, to in limits -%}
    {%- do bands.update({'open_' ~ name: age ~ ' >= ' ~ from * 86400 ~ ' and ' ~ age ~ ' < ' ~ to * 86400}) -%}
{%- endfor -%}
{%- do bands.update({'open_over_30_days': age ~ ' >= ' ~ 30 * 86400}) -%}
with months as (
    select
        month,
        month_start_at,
        month_end_at
    from {{ ref('int_core__months') }}
),

-- what is open and what was solved can be known where events tell it; where loads alone show what is open, from the first on
telling as (
    select
        max(case when is_timed then 1 else 0 end) = 1 as is_recorded,
        min(case when not is_timed then started_at end) as shown_from_at
    from {{ ref('int_service__status_periods') }}
),

known as (
    select
        months.month,
        coalesce(telling.is_recorded, false) as is_recorded,
        coalesce(telling.is_recorded or telling.shown_from_at < months.month_start_at, false) as is_opening_known,
        coalesce(telling.is_recorded or telling.shown_from_at < months.month_end_at, false) as is_closing_known
    from months
    cross join telling
),

flows as (
    select
        month,
        {%- for attribute in attributes %}
        {{ attribute }},
        {%- endfor %}
        {%- for flow in flows %}
        {{ flow }},
        {%- endfor %}
        net
    from {{ ref('int_service__backlog_flows') }}
),

states as (
    select
        created_at,
        started_at,
        ended_at,
        {{ attributes | join(',\n        ') }}
    from {{ ref('int_service__ticket_states') }}
    where is_open
),

cell_months as (
    select
        month,
        {%- for attribute in attributes %}
        {{ attribute }},
        {%- endfor %}
        {%- for flow in flows %}
        {{ int_sum(flow) }} as {{ flow }},
        {%- endfor %}
        {{ int_sum('net') }} as net
    from flows
    group by month, {{ attributes | join(', ') }}
),

cells as (
    select
        {{ attributes | join(',\n        ') }},
        min(month) as first_month
    from cell_months
    group by {{ attributes | join(', ') }}
),

first_month as (
    select min(month) as first_month
    from months
),

-- what was open before the months kept
before as (
    select
        {%- for attribute in attributes %}
        cell_months.{{ attribute }},
        {%- endfor %}
        {{ int_sum('cell_months.net') }} as net
    from cell_months
    cross join first_month
    where cell_months.month < first_month.first_month
    group by {% for attribute in attributes %}cell_months.{{ attribute }}{{ ', ' if not loop.last }}{% endfor %}
),

grid as (
    select
        months.month,
        {%- for attribute in attributes %}
        cells.{{ attribute }},
        {%- endfor %}
        coalesce(before.net, 0) as open_before,
        coalesce(cell_months.net, 0) as net,
        {%- for flow in flows %}
        coalesce(cell_months.{{ flow }}, 0) as {{ flow }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cells
    inner join months on cells.first_month <= months.month
    left join cell_months
        on
            months.month = cell_months.month
            {%- for attribute in attributes %}
            and cells.{{ attribute }} = cell_months.{{ attribute }}
            {%- endfor %}
    left join before
        on
            {%- for attribute in attributes %}
            {{ 'and ' if not loop.first }}cells.{{ attribute }} = before.{{ attribute }}
            {%- endfor %}
),

balanced as (
    select
        month,
        {%- for attribute in attributes %}
        {{ attribute }},
        {%- endfor %}
        {%- for flow in flows %}
        {{ flow }},
        {%- endfor %}
        cast(open_before + sum(net) over (
            partition by {{ attributes | join(', ') }} order by month
            rows between unbounded preceding and current row
        ) as bigint) as closing,
        net
    from grid
),

-- counted from the tickets themselves and not from the flows, so that the two check each other; only states that last
-- into another month can be open at a month's end
lasting as (
    select
        created_at,
        started_at,
        ended_at,
        {{ attributes | join(',\n        ') }}
    from states
    where ended_at is null or {{ local_month('started_at') }} <> {{ local_month('ended_at') }}
),

aged as (
    select
        months.month,
        {%- for attribute in attributes %}
        lasting.{{ attribute }},
        {%- endfor %}
        {%- for band, condition in bands.items() %}
        {{ int_sum('case when ' ~ condition ~ ' then 1 else 0 end') }} as {{ band }},
        {%- endfor %}
        count(*) as open_tickets
    from lasting
    inner join months
        on
            lasting.started_at < months.month_end_at
            and (lasting.ended_at is null or lasting.ended_at >= months.month_end_at)
    group by months.month, {% for attribute in attributes %}lasting.{{ attribute }}{{ ', ' if not loop.last }}{% endfor %}
),

untimed as (
    select count(case when untimed <> 0 then 1 end) > 0 as is_untimed
    from flows
)

select
    balanced.month,
    {%- for attribute in attributes %}
    nullif(balanced.{{ attribute }}, '') as {{ attribute }},
    {%- endfor %}
    case when known.is_opening_known then balanced.closing - balanced.net end as opening,
    balanced.received,
    case when known.is_closing_known then balanced.reopened end as reopened,
    case when known.is_recorded then balanced.solved end as solved,
    case when known.is_closing_known then balanced.removed end as removed,
    case when known.is_closing_known and untimed.is_untimed then balanced.untimed end as untimed,
    {%- for move in backlog_moves() %}
    case when known.is_closing_known then balanced.{{ move }} end as {{ move }},
    {%- endfor %}
    case when known.is_closing_known then balanced.closing end as closing,
    {%- for band in bands %}
    case when known.is_closing_known then coalesce(aged.{{ band }}, 0) end as {{ band }},
    {%- endfor %}
    case when known.is_closing_known then coalesce(aged.open_tickets, 0) end as open_tickets
from balanced
inner join known on balanced.month = known.month
cross join untimed
left join aged
    on
        balanced.month = aged.month
        {%- for attribute in attributes %}
        and balanced.{{ attribute }} = aged.{{ attribute }}
        {%- endfor %}
where
    balanced.closing <> 0
    or balanced.net <> 0
    {%- for flow in flows %}
    or balanced.{{ flow }} <> 0
    {%- endfor %}
