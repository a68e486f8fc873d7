{#- Clocks from a ticket's creation, with what ends them. -#}
{%- set intervals = {
    'first_reply': 'replies.first_reply',
    'first_resolution': 'resolutions.first_resolved',
    'full_resolution': 'resolutions.solved',
} -%}
with tickets as (
    select
        ticket_id,
        source_system,
        store_id,
        region,
        schedule_id,
        customer_id,
        order_id,
        product_id,
        channel,
        kind,
        category,
        need,
        priority,
        severity,
        cause,
        behaviour,
        manner,
        purpose,
        phase,
        fault,
        is_major,
        major_type,
        escalation_reason,
        claim_amount,
        compensation_amount,
        nature,
        content,
        technique,
        handling,
        outcome,
        created_at,
        created_open_seconds,
        deleted_at,
        merged_at
    from {{ ref('int_service__tickets') }}
),

replies as (
    select
        ticket_id,
        replies,
        handlers,
        first_reply_at,
        first_reply_open_seconds,
        agent_id,
        team
    from {{ ref('int_service__ticket_replies') }}
),

resolutions as (
    select
        ticket_id,
        status,
        is_timed,
        reopens,
        first_resolved_at,
        first_resolved_open_seconds,
        solved_at,
        solved_open_seconds,
        {%- for clock in status_clocks() %}
        {{ clock }}_calendar_seconds,
        {{ clock }}_open_seconds{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_service__ticket_resolutions') }}
)

select
    tickets.ticket_id,
    tickets.source_system,
    tickets.customer_id,
    tickets.order_id,
    tickets.product_id,
    tickets.store_id,
    tickets.region,
    tickets.schedule_id,
    tickets.channel,
    tickets.category,
    tickets.need,
    replies.agent_id,
    replies.team,
    tickets.priority,
    tickets.kind,
    tickets.severity,
    tickets.cause,
    tickets.behaviour,
    tickets.manner,
    tickets.purpose,
    tickets.phase,
    tickets.fault,
    tickets.is_major,
    tickets.major_type,
    tickets.escalation_reason,
    {{ measure('tickets.claim_amount') }} as claim_amount,
    {{ measure('tickets.compensation_amount') }} as compensation_amount,
    tickets.nature,
    tickets.content,
    tickets.technique,
    tickets.handling,
    tickets.outcome,
    resolutions.status,
    coalesce(resolutions.is_timed, false) as is_status_recorded,
    tickets.created_at,
    {{ local_month('tickets.created_at') }} as created_month,
    replies.first_reply_at,
    {{ local_month('replies.first_reply_at') }} as first_reply_month,
    replies.replies,
    replies.handlers,
    resolutions.first_resolved_at,
    {{ local_month('resolutions.first_resolved_at') }} as first_resolved_month,
    resolutions.solved_at,
    {{ local_month('resolutions.solved_at') }} as solved_month,
    resolutions.reopens,
    tickets.deleted_at is not null as is_deleted,
    tickets.merged_at is not null as is_merged,
    {%- for clock, ended in intervals.items() %}
    {{ minutes_of(exact_seconds_between('tickets.created_at', ended ~ '_at')) }} as {{ clock }}_calendar_minutes,
    {{ minutes_of(ended ~ '_open_seconds - tickets.created_open_seconds') }} as {{ clock }}_business_minutes,
    {%- endfor %}
    {%- for clock in status_clocks() %}
    {{ minutes_of('resolutions.' ~ clock ~ '_calendar_seconds') }} as {{ clock }}_calendar_minutes,
    {{ minutes_of('resolutions.' ~ clock ~ '_open_seconds') }} as {{ clock }}_business_minutes{{ ',' if not loop.last }}
    {%- endfor %}
from tickets
left join replies on tickets.ticket_id = replies.ticket_id
left join resolutions on tickets.ticket_id = resolutions.ticket_id
