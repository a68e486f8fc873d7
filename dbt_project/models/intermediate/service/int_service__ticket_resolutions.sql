with periods as (
    select
        ticket_id,
        period_no,
        status,
        is_timed,
        is_resolved,
        was_resolved,
        resolves,
        reopens,
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
        is_timed,
        is_resolved,
        resolves,
        reopens,
        started_at,
        started_open_seconds,
        calendar_seconds,
        open_seconds,
        row_number() over (partition by ticket_id order by period_no desc) = 1 as is_last,
        -- the last time it was solved or closed, whether it is reported when or not
        is_resolved and not was_resolved and row_number() over (
            partition by ticket_id, is_resolved and not was_resolved order by period_no desc
        ) = 1 as is_last_closing
    from periods
),

summed as (
    select
        ticket_id,
        min(case when resolves then started_at end) as first_resolved_at,
        min(case when resolves then started_open_seconds end) as first_resolved_open_seconds,
        max(case when resolves and is_last_closing then started_at end) as last_resolved_at,
        max(case when resolves and is_last_closing then started_open_seconds end) as last_resolved_open_seconds,
        max(case when is_last then status end) as status,
        min(case when is_timed then 1 else 0 end) = 1 as is_timed,
        {%- for clock, statuses in status_clocks().items() %}
        {%- for seconds in ['calendar_seconds', 'open_seconds'] %}
        cast(sum(case when not is_timed then null when status in ({{ statuses }}) then {{ seconds }} else 0 end) as decimal(18, 6))
            as {{ clock }}_{{ seconds }},
        {%- endfor %}
        {%- endfor %}
        {{ int_sum('case when reopens then 1 else 0 end') }} as reopens
    from ranked
    group by ticket_id
)

select
    ticket_id,
    status,
    is_timed,
    {{ is_done('status') }} and last_resolved_at is null as is_closed_unrecorded,
    reopens,
    first_resolved_at,
    first_resolved_open_seconds,
    case when {{ is_done('status') }} then last_resolved_at end as solved_at,
    case when {{ is_done('status') }} then last_resolved_open_seconds end as solved_open_seconds,
    {%- for clock in status_clocks() %}
    {{ clock }}_calendar_seconds,
    {{ clock }}_open_seconds{{ ',' if not loop.last }}
    {%- endfor %}
from summed
