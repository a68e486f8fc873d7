with periods as (
    select
        ticket_id,
        period_no,
        status,
        is_resolved,
        was_resolved,
        started_at,
        started_open_seconds,
        calendar_seconds,
        open_seconds
    from {{ ref('int_service__status_periods') }}
),

ranked as (
    select
        ticket_id,
        status,
        is_resolved,
        is_resolved and not was_resolved as resolves,
        was_resolved and not is_resolved as reopens,
        started_at,
        started_open_seconds,
        calendar_seconds,
        open_seconds,
        row_number() over (partition by ticket_id order by period_no desc) = 1 as is_last
    from periods
),

summed as (
    select
        ticket_id,
        min(case when resolves then started_at end) as first_resolved_at,
        min(case when resolves then started_open_seconds end) as first_resolved_open_seconds,
        max(case when resolves then started_at end) as last_resolved_at,
        max(case when resolves then started_open_seconds end) as last_resolved_open_seconds,
        max(case when is_last then status end) as status,
        {%- for clock, statuses in status_clocks().items() %}
        {%- for seconds in ['calendar_seconds', 'open_seconds'] %}
        {%- set in_statuses = 'case when status in (' ~ statuses ~ ') then ' ~ seconds ~ ' else 0 end' %}
        {{ int_sum(in_statuses) }} as {{ clock }}_{{ seconds }},
        {%- endfor %}
        {%- endfor %}
        {{ int_sum('case when reopens then 1 else 0 end') }} as reopens
    from ranked
    group by ticket_id
)

select
    ticket_id,
    status,
    reopens,
    first_resolved_at,
    first_resolved_open_seconds,
    case when status in ('solved', 'closed') then last_resolved_at end as solved_at,
    case when status in ('solved', 'closed') then last_resolved_open_seconds end as solved_open_seconds,
    {%- for clock in status_clocks() %}
    {{ clock }}_calendar_seconds,
    {{ clock }}_open_seconds{{ ',' if not loop.last }}
    {%- endfor %}
from summed
