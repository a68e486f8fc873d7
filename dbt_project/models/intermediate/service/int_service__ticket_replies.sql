with ticket_events as (
    select
        ticket_id,
        event_no,
        happened_at,
        open_seconds,
        agent_id,
        public_comment
    from {{ ref('int_service__ticket_events') }}
),

counted as (
    select
        ticket_id,
        min(case when public_comment = 'reply' then event_no end) as first_reply_event_no,
        max(case when agent_id is not null then event_no end) as last_agent_event_no,
        {{ int_sum("case when public_comment = 'reply' then 1 else 0 end") }} as replies,
        count(distinct agent_id) as handlers
    from ticket_events
    group by ticket_id
),

agents as (
    select
        agent_id,
        team
    from {{ ref('stg_crm__agents') }}
),

handled as (
    select
        counted.ticket_id,
        counted.replies,
        counted.handlers,
        first_replies.happened_at as first_reply_at,
        first_replies.open_seconds as first_reply_open_seconds,
        coalesce(first_replies.agent_id, last_hands.agent_id) as agent_id
    from counted
    left join ticket_events as first_replies
        on counted.ticket_id = first_replies.ticket_id and counted.first_reply_event_no = first_replies.event_no
    left join ticket_events as last_hands
        on counted.ticket_id = last_hands.ticket_id and counted.last_agent_event_no = last_hands.event_no
)

select
    handled.ticket_id,
    handled.replies,
    handled.handlers,
    handled.first_reply_at,
    handled.first_reply_open_seconds,
    handled.agent_id,
    agents.team
from handled
left join agents on handled.agent_id = agents.agent_id
