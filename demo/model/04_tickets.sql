-- What customers ask and complain about, and every step until it is solved. Agents work in the opening hours of their store:
-- times from the first answer on are drawn in business minutes and then laid on the schedule.
create table ticket_drafts as
with share as (
    select (getvariable('tickets') - count(*) filter (where is_complaint)) / count(*)::double as requests
    from orders
),
slots as (
    select order_no * 2 as ticket_no, true as complains, orders.* from orders where is_complaint
    union all
    select order_no * 2 + 1, false, orders.* from orders, share where u(order_no, 'request') < share.requests
),
dated as (
    select
        *,
        case
            when not complains then pick(['before_sale', 'during_sale', 'after_sale', 'after_sale'], ticket_no, 'phase')
            when u(ticket_no, 'phase') < 0.04 then 'before_sale'
            when u(ticket_no, 'phase') < 0.15 then 'during_sale'
            else 'after_sale'
        end as phase
    from slots
),
timed as (
    select
        *,
        case phase
            when 'before_sale' then ordered_at - interval '2 days'
            when 'during_sale' then ordered_at
            else coalesce(delivered_at, ordered_at + interval '2 days')
        end + to_days(cast(floor(1 + 4 * u(ticket_no, 'after')) as int)) as around
    from dated
)
select
    ticket_no,
    'T' || lpad(ticket_no::varchar, 12, '0') as ticket_id,
    customer, customer_id, order_no, store, complains, is_late, is_fast, phase, delay,
    case when phase <> 'before_sale' and (complains or u(ticket_no, 'names order') < 0.6) then order_id end as order_id,
    -- four in five write while shops are open, the rest at any hour
    plus(around::date::timestamp, case when u(ticket_no, 'hour kind') < 0.82
        then 32400 + 36000 * u(ticket_no, 'hour') else 86399 * u(ticket_no, 'hour') end) as created_at
from timed;
delete from ticket_drafts where created_at >= getvariable('horizon') or created_at < timestamp '2024-09-01';

create table tickets as
with attributes as (
    select
        ticket_drafts.*,
        'S' || lpad(store::varchar, 2, '0') as store_id,
        trouble(store, created_at) as trouble,
        pick(['phone', 'phone', 'wechat', 'wechat', 'email', 'app', 'store'], ticket_no, 'channel') as channel,
        case when complains then 'complaint'
            else pick(['request', 'request', 'request', 'request', 'request', 'request', 'request', 'objection',
                'suggestion', 'praise'], ticket_no, 'kind') end as kind,
        case when complains and is_late then 'delivery'
            else pick(['delivery', 'product', 'billing', 'installation', 'warranty', 'account', 'loyalty', 'advice'],
                ticket_no, 'category') end as category,
        case
            when u(ticket_no, 'priority') < case when complains then 0.10 else 0.03 end then 'urgent'
            when u(ticket_no, 'priority') < case when complains then 0.45 else 0.18 end then 'high'
            when u(ticket_no, 'priority') < 0.80 then 'normal' else 'low'
        end as priority,
        complains and u(ticket_no, 'major') < 0.06 as is_major,
        u(ticket_no, 'end') < 0.003 as is_deleted,
        -- some requests, and more of the complaints that are not answered at once, are never solved
        u(ticket_no, 'end') between 0.003 and case when not complains then 0.007 when is_fast then 0.003 else 0.05 end as is_forgotten,
        not complains and u(ticket_no, 'one touch') < 0.45 as is_one_touch,
        u(ticket_no, 'no reply') < 0.02 as is_unanswered,
        (store - 1) * getvariable('agents_per_store')
        + cast(floor((getvariable('agents_per_store') - 1) * u(ticket_no, 'agent')) as int) as agent,
        lag(ticket_id) over (partition by customer order by created_at, ticket_no) as earlier_ticket
    from ticket_drafts
),
scheduled as (
    select
        attributes.*,
        case when u(ticket_no, 'out of hours') < 0.05 then 'always' else stores.schedule_id end as schedule_id,
        'A' || lpad(agent::varchar, 5, '0') as agent_id,
        case when not complains and earlier_ticket is not null and u(ticket_no, 'merge') < 0.006 then earlier_ticket end as merged_into
    from attributes
    inner join stores using (store)
),
paced as (
    select
        scheduled.*,
        half_hours.worked
        + case when half_hours.is_open then date_diff('minute', half_hours.begins, created_at) else 0 end as work_created,
        45 * exp(0.9 * z(ticket_no, 'reply')) * (1 + 2.5 * trouble)
        * case priority when 'urgent' then 0.45 when 'high' then 0.75 when 'normal' then 1.0 else 1.5 end as reply_minutes,
        case
            when complains and is_fast then 40 + 140 * u(ticket_no, 'solve')
            when complains then 2200 + 3600 * u(ticket_no, 'solve')
            when is_one_touch then 1
            else 420 * exp(0.8 * z(ticket_no, 'solve'))
        end as solve_minutes,
        case when is_one_touch or is_fast and complains then null
            when u(ticket_no, 'waits') < 0.28 then 'pending'
            when u(ticket_no, 'waits') < 0.36 then 'hold' end as waits_as,
        u(ticket_no, 'reopens') < 0.04 as reopens
    from scheduled
    inner join half_hours
        on half_hours.schedule_id = scheduled.schedule_id
        and half_hours.begins = time_bucket(interval '30 minutes', scheduled.created_at)
),
works as (
    select
        *,
        work_created + 0.3 * reply_minutes as work_opened,
        work_created + reply_minutes as work_replied,
        case when waits_as is not null then work_created + reply_minutes + 6 end as work_waiting,
        case when waits_as is not null
            then work_created + reply_minutes + 6 + 200 * exp(0.7 * z(ticket_no, 'wait')) end as work_resumed
    from paced
),
ends as (
    select
        *,
        case when waits_as = 'pending' then work_resumed + 40 * exp(0.8 * z(ticket_no, 'next reply')) end as work_replied_again,
        coalesce(work_resumed + 40 * exp(0.8 * z(ticket_no, 'next reply')), work_replied) + solve_minutes as work_solved
    from works
),
reopened as (
    select
        *,
        case when reopens then work_solved + 500 * exp(0.6 * z(ticket_no, 'reopen')) end as work_reopened,
        case when reopens then work_solved + 500 * exp(0.6 * z(ticket_no, 'reopen')) + 30 + 200 * u(ticket_no, 'solve again')
        end as work_solved_again
    from ends
),
on_clock as (
    select
        reopened.*,
        plus(h_opened.begins, 60 * work_opened - 1800 * floor(work_opened / 30)) as opened_at,
        plus(h_replied.begins, 60 * work_replied - 1800 * floor(work_replied / 30)) as replied_at,
        plus(h_waiting.begins, 60 * work_waiting - 1800 * floor(work_waiting / 30)) as waiting_at,
        plus(h_resumed.begins, 60 * work_resumed - 1800 * floor(work_resumed / 30)) as resumed_at,
        plus(h_again.begins, 60 * work_replied_again - 1800 * floor(work_replied_again / 30)) as replied_again_at,
        plus(h_solved.begins, 60 * work_solved - 1800 * floor(work_solved / 30)) as solved_at,
        plus(h_reopened.begins, 60 * work_reopened - 1800 * floor(work_reopened / 30)) as reopened_at,
        plus(h_last.begins, 60 * work_solved_again - 1800 * floor(work_solved_again / 30)) as solved_again_at
    from reopened
    left join open_half_hours as h_opened
        on h_opened.schedule_id = reopened.schedule_id and h_opened.slot = cast(floor(work_opened / 30) as bigint)
    left join open_half_hours as h_replied
        on h_replied.schedule_id = reopened.schedule_id and h_replied.slot = cast(floor(work_replied / 30) as bigint)
    left join open_half_hours as h_waiting
        on h_waiting.schedule_id = reopened.schedule_id and h_waiting.slot = cast(floor(work_waiting / 30) as bigint)
    left join open_half_hours as h_resumed
        on h_resumed.schedule_id = reopened.schedule_id and h_resumed.slot = cast(floor(work_resumed / 30) as bigint)
    left join open_half_hours as h_again
        on h_again.schedule_id = reopened.schedule_id and h_again.slot = cast(floor(work_replied_again / 30) as bigint)
    left join open_half_hours as h_solved
        on h_solved.schedule_id = reopened.schedule_id and h_solved.slot = cast(floor(work_solved / 30) as bigint)
    left join open_half_hours as h_reopened
        on h_reopened.schedule_id = reopened.schedule_id and h_reopened.slot = cast(floor(work_reopened / 30) as bigint)
    left join open_half_hours as h_last
        on h_last.schedule_id = reopened.schedule_id and h_last.slot = cast(floor(work_solved_again / 30) as bigint)
),
-- what never happened to a merged, deleted or forgotten ticket
happened as (
    select
        * replace (
            case when merged_into is null and not is_deleted and not is_forgotten and not is_one_touch then opened_at end as opened_at,
            case when merged_into is null and not is_deleted and not is_unanswered then replied_at end as replied_at,
            case when merged_into is null and not is_deleted and not is_forgotten then waiting_at end as waiting_at,
            case when merged_into is null and not is_deleted and not is_forgotten then resumed_at end as resumed_at,
            case when merged_into is null and not is_deleted and not is_forgotten then replied_again_at end as replied_again_at,
            case when merged_into is null and not is_deleted and not is_forgotten then solved_at end as solved_at,
            case when merged_into is null and not is_deleted and not is_forgotten then reopened_at end as reopened_at,
            case when merged_into is null and not is_deleted and not is_forgotten then solved_again_at end as solved_again_at
        ),
        case when merged_into is not null then plus(created_at, 600 + 3600 * u(ticket_no, 'merged')) end as merged_at,
        case when is_deleted and merged_into is null then plus(created_at, 1800 + 7200 * u(ticket_no, 'deleted')) end as deleted_at,
        -- a few are handed to another store
        case when u(ticket_no, 'moves') < 0.004 and merged_into is null and not is_deleted
            then plus(created_at, 120 + 600 * u(ticket_no, 'moved')) end as moved_at,
        'S' || lpad((store % 9 + 1)::varchar, 2, '0') as moved_to_store_id
    from on_clock
)
select
    *,
    coalesce(solved_again_at, solved_at) as settled_at,
    case when u(ticket_no, 'closes') < 0.25 then coalesce(solved_again_at, solved_at) + interval '72 hours' end as closed_at,
    case when complains then case when u(ticket_no, 'cause of trouble') < 0.6 * trouble then 'service' else
        pick(['product_quality', 'product_quality', 'service', 'service', 'service', 'price', 'integrity'], ticket_no, 'cause') end
    end as cause,
    -- what the customer needed, which is noted of two in three; who came about a service or to praise wants to be seen
    case
        when u(ticket_no, 'need noted') >= 0.68 then null
        when cause in ('service', 'integrity') or kind = 'praise' then pick(['emotion', 'emotion', 'convenience'], ticket_no, 'need')
        when channel = 'store' and u(ticket_no, 'sees the shop') < 0.35 then 'environment'
        when category in ('billing', 'account', 'advice') then pick(['information', 'information', 'information', 'emotion'], ticket_no, 'need')
        when category in ('delivery', 'installation') then pick(['convenience', 'convenience', 'information'], ticket_no, 'need')
        else pick(['information', 'environment', 'emotion', 'convenience'], ticket_no, 'need')
    end as need,
    case when complains then case when is_major or u(ticket_no, 'severity') < 0.12 then 'serious' else 'general' end end as severity,
    case when complains then pick(['venting', 'venting', 'passive_grumbling', 'bad_word_of_mouth', 'extreme'], ticket_no, 'behaviour')
    end as behaviour,
    case when complains then pick(['suggestion', 'criticism', 'criticism', 'accusation'], ticket_no, 'manner') end as manner,
    case when complains then pick(['quality_watch', 'rational', 'rational', 'negotiating', 'victim', 'loyal_supporter'],
        ticket_no, 'purpose') end as purpose,
    case when complains then pick(['ours', 'ours', 'ours', 'customer_misuse', 'unknown'], ticket_no, 'fault') end as fault,
    case when is_major then pick(['vip', 'influential', 'intense', 'high_claim', 'converted', 'converted'], ticket_no, 'major type')
    end as major_type,
    case when is_major and major_type = 'converted' then pick(['nowhere_to_turn', 'passed_around', 'disrespected'], ticket_no, 'escalated')
    end as escalation_reason,
    case when complains and u(ticket_no, 'claims') < 0.3 then round(50 + 900 * u(ticket_no, 'claim'))::decimal(12, 2) end as claim_amount,
    case when complains and u(ticket_no, 'pays') < 0.25 then round(20 + 150 * u(ticket_no, 'pay'))::decimal(12, 2)
    end as compensation_amount,
    case when kind = 'objection' then pick(['real', 'real', 'false', 'hidden'], ticket_no, 'nature') end as nature,
    case when kind = 'objection' then pick(['need', 'price', 'price', 'product', 'timing', 'staff', 'service', 'ability_to_pay'],
        ticket_no, 'content') end as content,
    case when kind = 'objection' then pick(['ask', 'ignore', 'compensate', 'turn_round', 'yes_if', 'direct'], ticket_no, 'technique')
    end as technique,
    case when kind = 'objection' then pick(['at_once', 'at_once', 'later'], ticket_no, 'handling') end as handling,
    -- planted: what is real must not be passed over, what is false may be contradicted, what is hidden comes out when asked
    case when kind = 'objection' then case when u(ticket_no, 'won') < 0.36 + case handling when 'at_once' then 0.07 else 0 end
        + case
            when technique = 'ignore' then case when nature = 'real' then -0.18 else 0.05 end
            when technique = 'direct' then case when nature = 'false' then 0.15 else -0.15 end
            when technique = 'ask' then case when nature = 'hidden' then 0.20 else 0.02 end
            when technique = 'compensate' then case when content = 'price' then 0.16 else 0.04 end
            else 0.08
        end then 'won' else 'lost' end end as outcome
from happened;
drop table ticket_drafts;

create table ticket_events as
with logs as (
    select
        ticket_no,
        ticket_id,
        delay,
        list_filter([
            {happened_at: created_at, event: 'created', from_status: null, to_status: 'new', actor: 'customer', public: true, step: null},
            {happened_at: moved_at, event: 'moved', from_status: null, to_status: null, actor: 'agent', public: false, step: null},
            {happened_at: merged_at, event: 'merged', from_status: null, to_status: null, actor: 'agent', public: false, step: null},
            {happened_at: deleted_at, event: 'deleted', from_status: null, to_status: null, actor: 'agent', public: false, step: null},
            {happened_at: opened_at, event: 'status', from_status: 'new', to_status: 'open', actor: 'agent', public: false, step: null},
            {happened_at: replied_at, event: 'comment', from_status: null, to_status: null, actor: 'agent', public: true, step: null},
            {happened_at: waiting_at, event: 'status', from_status: 'open', to_status: waits_as, actor: 'agent', public: false, step: null},
            {happened_at: case when waits_as = 'pending' then resumed_at end, event: 'comment', from_status: null, to_status: null,
                actor: 'customer', public: true, step: null},
            {happened_at: resumed_at, event: 'status', from_status: waits_as, to_status: 'open', actor: 'system', public: false, step: null},
            {happened_at: replied_again_at, event: 'comment', from_status: null, to_status: null, actor: 'agent', public: true, step: null},
            {happened_at: solved_at, event: 'status', from_status: case when opened_at is null then 'new' else 'open' end,
                to_status: 'solved', actor: 'agent', public: false, step: null},
            {happened_at: reopened_at, event: 'comment', from_status: null, to_status: null, actor: 'customer', public: true, step: null},
            {happened_at: reopened_at, event: 'status', from_status: 'solved', to_status: 'open', actor: 'system', public: false, step: null},
            {happened_at: plus(solved_again_at, -60), event: 'comment', from_status: null, to_status: null, actor: 'agent', public: true, step: null},
            {happened_at: solved_again_at, event: 'status', from_status: 'open', to_status: 'solved', actor: 'agent', public: false, step: null},
            {happened_at: closed_at, event: 'status', from_status: 'solved', to_status: 'closed', actor: 'system', public: false, step: null}
        ] || case when complains and solved_at is not null then list_transform(
            list_filter(
                case when is_major then ['control', 'listen', 'handler_named', 'establish', 'apologise', 'facts_asked', 'cause_analysed',
                        'responsibility_accepted', 'resolve', 'solution']
                    else ['listen', 'handler_named', 'share', 'facts_asked', 'clarify', 'cause_analysed', 'state',
                        'responsibility_accepted', 'solution', 'ask'] end,
                lambda step: u((ticket_no, step), 'skips') >= 0.08 + 0.2 * trouble
            ),
            lambda step, i: {
                happened_at: plus(coalesce(replied_at, opened_at), i * date_diff('second', coalesce(replied_at, opened_at), solved_at) / 11.0),
                event: 'step', from_status: null, to_status: null, actor: 'agent', public: false, step: step
            }
        ) else [] end, lambda log: log.happened_at is not null) as log,
        agent_id
    from tickets
),
-- a complaint in eight is handed to a colleague, one passed around to three
handed_on as (
    select
        *,
        unnest(range(1, case when escalation_reason = 'passed_around' then 4 when u(ticket_no, 'handed on') < 0.125 then 2 else 1 end)) as hand
    from tickets
    where complains and solved_at is not null
),
flat as (
    select ticket_no, ticket_id, delay, agent_id, unnest(log) as log, generate_subscripts(log, 1) as position
    from logs
    union all
    select
        ticket_no, ticket_id, delay,
        'A' || lpad(((store - 1) * getvariable('agents_per_store')
            + (agent - (store - 1) * getvariable('agents_per_store') + hand) % getvariable('agents_per_store'))::varchar, 5, '0'),
        {happened_at: plus(coalesce(replied_at, opened_at), hand * date_diff('second', coalesce(replied_at, opened_at), solved_at) / 5.0),
            event: 'assigned', from_status: null, to_status: null, actor: 'agent', public: false, step: null},
        100 + hand
    from handed_on
    where coalesce(replied_at, opened_at) is not null
)
select
    ticket_no, ticket_id, delay,
    row_number() over (partition by ticket_no order by log.happened_at, position) as seq,
    log.happened_at,
    log.event as event, log.from_status as from_status, log.to_status as to_status,
    log.actor as actor_type,
    case when log.actor = 'agent' then agent_id end as agent_id,
    log.public as is_public,
    log.step as step
from flat;
