{#- Each rule is between rows that may come from two deliveries: alone each of them is possible. The figures that would need both leave
    them out. -#}
with orders as (
    select order_id, ordered_at from {{ ref('stg_crm__orders') }}
),

order_lines as (
    select order_id, line_no, quantity from {{ ref('stg_crm__order_lines') }}
),

returns as (
    select return_id, order_id, line_no, returned_at, kind, quantity from {{ ref('stg_crm__returns') }}
),

tickets as (
    select ticket_id, created_at from {{ ref('stg_crm__tickets') }}
),

ticket_events as (
    select events.ticket_id, events.at as happened_at
    from {{ ref('stg_crm__ticket_events') }} as events
),

given_back as (
    select
        order_id,
        line_no,
        sum(quantity) as quantity
    from returns
    where kind = 'refund' and line_no is not null
    group by order_id, line_no
),

found as (
    select
        'return_before_order' as contradiction,
        'returns' as entity,
        returns.return_id as about
    from returns
    inner join orders on returns.order_id = orders.order_id
    where returns.returned_at < orders.ordered_at
    union all
    select
        'more_returned_than_bought' as contradiction,
        'returns' as entity,
        given_back.order_id as about
    from given_back
    inner join order_lines on given_back.order_id = order_lines.order_id and given_back.line_no = order_lines.line_no
    where order_lines.quantity >= 0 and given_back.quantity > order_lines.quantity
    union all
    select
        'event_before_ticket' as contradiction,
        'ticket_events' as entity,
        ticket_events.ticket_id as about
    from ticket_events
    inner join tickets on ticket_events.ticket_id = tickets.ticket_id
    where ticket_events.happened_at < tickets.created_at
)

select
    contradiction,
    entity,
    count(*) as cases
from found
group by contradiction, entity
