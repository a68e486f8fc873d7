with comments as (
    select
        ticket_id,
        event_no,
        happened_at,
        open_seconds,
        public_comment
    from {{ ref('int_service__ticket_events') }}
    where public_comment in ('customer', 'reply')
),

followed as (
    select
        ticket_id,
        event_no,
        happened_at,
        open_seconds,
        public_comment,
        lag(public_comment) over (partition by ticket_id order by event_no) as comment_before,
        min(case when public_comment = 'reply' then event_no end) over (
            partition by ticket_id order by event_no
            rows between 1 following and unbounded following
        ) as reply_event_no
    from comments
),

questions as (
    select
        ticket_id,
        event_no,
        happened_at,
        open_seconds,
        reply_event_no,
        row_number() over (partition by ticket_id order by event_no) as instance_no
    from followed
    where public_comment = 'customer' and comment_before = 'reply'
)

select
    questions.ticket_id,
    questions.instance_no,
    questions.happened_at as asked_at,
    questions.open_seconds as asked_open_seconds,
    replies.happened_at as replied_at,
    replies.open_seconds as replied_open_seconds
from questions
left join comments as replies
    on questions.ticket_id = replies.ticket_id and questions.reply_event_no = replies.event_no
