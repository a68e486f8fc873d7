{#- Clocks from a ticket's creation, with what ends them. -#}
{%- set intervals = {
    'first_reply': 'replies.first_reply',
    'first_resolution': 'resolutions.first_resolved',
    'full_resolution': 'resolutions.solved',
} -%}
with tickets as (
    select
        ticket_id,
        store_id,
        region,
        schedule_id,
        created_at,
        created_open_seconds,
        deleted_at,
        merged_at
    from {{ ref('int_service__tickets') }}
),

crm_tickets as (
    select
        ticket_id,
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
        source_system
    from {{ ref('stg_crm__tickets') }}
),

replies as (
    select
        ticket_id,
        replies,
        handlers,
        first_reply_at,
        first_reply_open_seconds,
        coalesce(first_reply_agent_id, last_agent_id) as agent_id
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
),

agents as (
    select
        agent_id,
        team
    from {{ ref('stg_crm__agents') }}
)

select
    tickets.ticket_id,
    crm_tickets.source_system,
    crm_tickets.customer_id,
    crm_tickets.order_id,
    crm_tickets.product_id,
    tickets.store_id,
    tickets.region,
    tickets.schedule_id,
    crm_tickets.channel,
    crm_tickets.category,
    crm_tickets.need,
    replies.agent_id,
    agents.team,
    crm_tickets.priority,
    crm_tickets.kind,
    crm_tickets.severity,
    crm_tickets.cause,
    crm_tickets.behaviour,
    crm_tickets.manner,
    crm_tickets.purpose,
    crm_tickets.phase,
    crm_tickets.fault,
    crm_tickets.is_major,
    crm_tickets.major_type,
    crm_tickets.escalation_reason,
    {{ measure('crm_tickets.claim_amount') }} as claim_amount,
    {{ measure('crm_tickets.compensation_amount') }} as compensation_amount,
    crm_tickets.nature,
    crm_tickets.content,
    crm_tickets.technique,
    crm_tickets.handling,
    crm_tickets.outcome,
    resolutions.status,
    coalesce(resolutions.is_timed, false) as is_status_told,
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
inner join crm_tickets on tickets.ticket_id = crm_tickets.ticket_id
left join replies on tickets.ticket_id = replies.ticket_id
left join resolutions on tickets.ticket_id = resolutions.ticket_id
left join agents on replies.agent_id = agents.agent_id
