with complaints as (
    select
        ticket_id,
        customer_id,
        store_id,
        region,
        channel,
        category,
        team,
        severity,
        cause,
        fault,
        coalesce(is_major, false) as is_major,
        major_type,
        escalation_reason,
        claim_amount,
        compensation_amount,
        handlers,
        created_at,
        created_month,
        first_reply_month,
        first_reply_business_minutes,
        solved_at,
        case when is_status_recorded then solved_month else created_month end as judged_month,
        full_resolution_calendar_minutes
    from {{ ref('fct_ticket') }}
    where kind = 'complaint' and not is_deleted and not is_merged
),

steps as (
    select
        ticket_id,
        count(case when method <> 'any' then 1 end) as steps_called_for,
        count(case when method <> 'any' and is_done then 1 end) as steps_taken,
        {%- for step in ['facts_asked', 'cause_analysed', 'handler_named', 'responsibility_accepted'] %}
        max(case when method = 'any' and step = '{{ step }}' then {{ to_int('is_done') }} end) = 1 as is_{{ step }},
        {%- endfor %}
        max(case when method = 'any' and step = 'solution' then minutes_to_step end) as solution_minutes
    from {{ ref('complaint_steps') }}
    group by ticket_id
)

select
    complaints.ticket_id,
    complaints.customer_id,
    complaints.store_id,
    complaints.region,
    complaints.channel,
    complaints.category,
    complaints.team,
    complaints.severity,
    complaints.cause,
    complaints.fault,
    complaints.is_major,
    case when complaints.is_major then 'major' else 'ordinary' end as method,
    complaints.major_type,
    complaints.escalation_reason,
    -- what began as an ordinary complaint, whether it stayed one or not
    not complaints.is_major or coalesce(complaints.major_type = 'converted', false) as began_ordinary,
    complaints.is_major and coalesce(complaints.major_type = 'converted', false) as is_converted,
    complaints.claim_amount,
    complaints.compensation_amount,
    complaints.handlers,
    complaints.created_at,
    complaints.created_month,
    complaints.first_reply_month,
    complaints.first_reply_business_minutes,
    complaints.solved_at,
    complaints.judged_month,
    complaints.full_resolution_calendar_minutes,
    steps.steps_called_for,
    steps.steps_called_for - steps.steps_taken as steps_skipped,
    steps.is_facts_asked and steps.is_cause_analysed as is_looked_into,
    steps.is_handler_named and steps.is_responsibility_accepted as is_owned,
    steps.solution_minutes
from complaints
left join steps on complaints.ticket_id = steps.ticket_id
