{#- One definition for the figures of further replies and for their service levels. The messages between two ends (an agent's
   reply, a solve) are one question:
     while the ticket is open    the first of them asks
     while it is solved          nobody waits: the last of them asks, and only if the ticket is then reopened or replied to
   It waits until the next reply or solve. Solved again without a word, what reopened it was thanks: it asked nothing. -#}
with comments as (
    select
        ticket_id,
        happened_at,
        event_no,
        open_seconds,
        public_comment as kind
    from {{ ref('int_service__ticket_events') }}
    where public_comment in ('customer', 'reply')
),

turns as (
    select
        ticket_id,
        started_at as happened_at,
        event_no,
        period_no,
        started_open_seconds as open_seconds,
        case
            when resolves then 'solve'
            when reopens then 'reopening'
            else 'closing'
        end as kind
    from {{ ref('int_service__status_periods') }}
    where resolves or reopens or (is_resolved and not was_resolved)
),

said_and_done as (
    select
        ticket_id,
        happened_at,
        event_no,
        cast(0 as bigint) as period_no,
        open_seconds,
        kind
    from comments
    union all
    select
        ticket_id,
        happened_at,
        event_no,
        period_no,
        open_seconds,
        kind
    from turns
),

beside as (
    select
        ticket_id,
        happened_at,
        open_seconds,
        kind,
        row_number() over (partition by ticket_id order by happened_at, event_no, period_no) as step_no,
        lag(kind) over (partition by ticket_id order by happened_at, event_no, period_no) as kind_before,
        lag(happened_at) over (partition by ticket_id order by happened_at, event_no, period_no) as before_at,
        lead(kind) over (partition by ticket_id order by happened_at, event_no, period_no) as next_kind,
        lead(happened_at) over (partition by ticket_id order by happened_at, event_no, period_no) as next_at
    from said_and_done
),

-- a reply sent as the ticket is solved comes first, whichever was written down first
steps as (
    select
        ticket_id,
        step_no,
        happened_at,
        open_seconds,
        case
            when kind = 'solve' and next_kind = 'reply' and next_at = happened_at then 'reply'
            when kind = 'reply' and kind_before = 'solve' and before_at = happened_at then 'solve'
            else kind
        end as kind
    from beside
),

placed as (
    select
        ticket_id,
        step_no,
        happened_at,
        open_seconds,
        kind,
        sum(case when kind in ('reply', 'solve', 'closing') then 1 else 0 end) over before_it as ends_before,
        sum(case when kind = 'reply' then 1 else 0 end) over before_it as replies_before,
        {{ last_known("case kind when 'reopening' then 0 when 'solve' then 1 when 'closing' then 1 end") }} over before_it as solved_before
    from steps
    window
        before_it as (
            partition by ticket_id order by step_no
            rows between unbounded preceding and 1 preceding
        )
),

stretches as (
    select
        ticket_id,
        coalesce(ends_before, 0) as stretch_no,
        coalesce(max(replies_before), 0) > 0 as is_replied_to,
        coalesce({{ first_by('solved_before', 'step_no') }}, 0) = 1 as is_solved,
        max(case when kind = 'reply' then step_no end) as reply_no,
        max(case when kind = 'solve' then step_no end) as solve_no,
        max(case when kind = 'closing' then step_no end) as closing_no,
        min(case when kind = 'reopening' then step_no end) as reopening_no
    from placed
    group by ticket_id, coalesce(ends_before, 0)
),

asked as (
    select
        stretches.ticket_id,
        stretches.stretch_no,
        stretches.reply_no,
        stretches.solve_no,
        case
            when stretches.reopening_no is not null
                then coalesce(
                    max(case when placed.step_no < stretches.reopening_no then placed.step_no end), min(placed.step_no)
                )
            when not stretches.is_solved then min(placed.step_no)
            when stretches.reply_no is not null then max(placed.step_no)
        end as asked_no
    from stretches
    inner join placed
        on
            stretches.ticket_id = placed.ticket_id
            and stretches.stretch_no = coalesce(placed.ends_before, 0)
            and placed.kind = 'customer'
    where
        stretches.is_replied_to
        -- closed nobody knows when: nor how long anybody waited
        and stretches.closing_no is null
        and (stretches.reopening_no is null or stretches.solve_no is null)
    group by
        stretches.ticket_id,
        stretches.stretch_no,
        stretches.reply_no,
        stretches.solve_no,
        stretches.reopening_no,
        stretches.is_solved
)

select
    asked.ticket_id,
    row_number() over (partition by asked.ticket_id order by asked.asked_no) as instance_no,
    questions.happened_at as asked_at,
    questions.open_seconds as asked_open_seconds,
    replies.happened_at as replied_at,
    replies.open_seconds as replied_open_seconds,
    solves.happened_at as solved_at,
    solves.open_seconds as solved_open_seconds
from asked
inner join steps as questions on asked.ticket_id = questions.ticket_id and asked.asked_no = questions.step_no
left join steps as replies on asked.ticket_id = replies.ticket_id and asked.reply_no = replies.step_no
left join steps as solves on asked.ticket_id = solves.ticket_id and asked.solve_no = solves.step_no
