with returns as (
    select return_id, source_system, order_id, line_no, returned_at, quantity, refund_amount
    from {{ ref('stg_crm__returns') }}
    where kind = 'refund' and returned_at < {{ as_of() }}
),

orders as (
    select
        order_id,
        gross_amount,
        {{ sold_amount('orders') }} as sold_amount
    from {{ ref('stg_crm__orders') }} as orders
),

-- most refunds state their amount: only the others ask for lines
asked as (
    select distinct order_id
    from returns
    where refund_amount is null
),

lines as (
    select
        order_lines.order_id,
        order_lines.line_no,
        order_lines.quantity,
        {{ measure(line_amount('order_lines')) }} as amount
    from {{ ref('stg_crm__order_lines') }} as order_lines
    inner join asked on order_lines.order_id = asked.order_id
),

-- of a line what was paid for it: the order's own discount lowers all lines alike
paid as (
    select
        lines.order_id,
        lines.line_no,
        orders.sold_amount,
        {{ divide('cast(lines.amount as double) * orders.sold_amount', 'orders.gross_amount') }} as line_paid,
        case
            when lines.quantity > 0
                then {{ divide('cast(lines.amount as double) * orders.sold_amount', 'cast(orders.gross_amount as double) * lines.quantity') }}
        end as unit_paid
    from lines
    inner join orders on lines.order_id = orders.order_id
    where orders.sold_amount >= 0 and orders.gross_amount > 0
),

-- where all units of an order cost the same, a return that names no line is as clear
alike as (
    select
        order_id,
        max(unit_paid) as unit_paid,
        case when count(*) = 1 then max(line_no) end as only_line_no
    from paid
    group by order_id
    having count(unit_paid) = count(*) and max(unit_paid) - min(unit_paid) < 0.00005
),

priced as (
    select
        returns.return_id,
        returns.source_system,
        returns.order_id,
        coalesce(returns.line_no, alike.only_line_no) as line_no,
        returns.returned_at,
        returns.refund_amount as stated_amount,
        orders.sold_amount,
        paid.line_paid,
        case
            when returns.refund_amount is not null then cast(returns.refund_amount as double)
            -- of what cost nothing, or was itself given back, nothing is left to give back
            when orders.sold_amount <= 0 then 0e0
            when returns.quantity >= 0
                then returns.quantity * case when returns.line_no is null then alike.unit_paid else paid.unit_paid end
        end as amount
    from returns
    left join orders on returns.order_id = orders.order_id
    left join alike on returns.order_id = alike.order_id
    left join paid
        on returns.order_id = paid.order_id
        and coalesce(returns.line_no, alike.only_line_no) = paid.line_no
),

-- what the order and its line had already given back when each refund was made
earlier as (
    select
        return_id,
        source_system,
        order_id,
        line_no,
        returned_at,
        stated_amount,
        amount,
        greatest(sold_amount - coalesce(sum(amount) over (
            partition by order_id order by returned_at, return_id rows between unbounded preceding and 1 preceding
        ), 0), 0) as order_left,
        case when line_paid is not null then greatest(line_paid - coalesce(sum(amount) over (
            partition by order_id, line_no order by returned_at, return_id rows between unbounded preceding and 1 preceding
        ), 0), 0) end as line_left
    from priced
)

select
    return_id,
    source_system,
    order_id,
    line_no,
    returned_at,
    {{ local_month('returned_at') }} as returned_month,
    stated_amount is not null as is_stated,
    case
        when stated_amount is not null then {{ measure('stated_amount') }}
        when amount is not null then {{ measure('least(amount, order_left, coalesce(line_left, order_left))') }}
    end as refund_amount
from earlier
