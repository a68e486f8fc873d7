-- The loyalty programme: members, and a ledger in which points are earned, spent, expired first in first out, and put right.
create table loyalty_members as
select
    customer,
    'M' || lpad(customer::varchar, 8, '0') as member_id,
    customer_id,
    greatest(plus(first_known_at, 86400 * 20 * u(customer, 'enrols')), timestamp '2024-03-01 10:00:00') as joined_at,
    case segment when 'champion' then 'platinum' when 'regular' then 'gold' when 'occasional' then 'silver' else 'regular' end as tier,
    case segment when 'champion' then 'gold' when 'regular' then 'silver' else 'regular' end as first_tier,
    greatest(plus(first_known_at, 86400 * 20 * u(customer, 'enrols')), timestamp '2024-03-01 10:00:00')
    + to_days(90 + cast(floor(300 * u(customer, 'rises')) as int)) as raised_at,
    case when closed_at > greatest(plus(first_known_at, 86400 * 20), timestamp '2024-03-21 10:00:00') then closed_at end as left_at,
    0 as delay
from customers
where not is_company and segment <> 'prospect' and u(customer, 'member') < 0.45
    and greatest(plus(first_known_at, 86400 * 20 * u(customer, 'enrols')), timestamp '2024-03-01 10:00:00') < getvariable('horizon');

create table points_ledger as
with lots as (
    select
        members.customer, members.member_id, orders.order_no, orders.order_id,
        orders.delivered_at as happened_at,
        orders.delivered_at + interval '365 days' as expires_at,
        cast(floor(amount_in_cny / 10) as bigint) as points
    from orders
    inner join loyalty_members as members using (customer)
    where orders.delivered_at >= members.joined_at and orders.delivered_at < getvariable('horizon')
        and (members.left_at is null or orders.delivered_at < members.left_at)
),
earned as (
    select
        *,
        -- what is taken back or spent of this very lot, always while it is open: so no balance can fall below zero
        case when u(order_no, 'reverses') < 0.004 then plus(happened_at, 86400 * (1 + 9 * u(order_no, 'reversed'))) end as reversed_at,
        case when u(order_no, 'redeems') < 0.42 then plus(happened_at, 86400 * (3 + 300 * u(order_no, 'redeemed'))) end as redeemed_at,
        cast(floor(points * (0.3 + 0.7 * u(order_no, 'spends'))) as bigint) as spent
    from lots
    where points > 0
),
used as (
    select customer, order_no, reversed_at as happened_at, 'reverse' as kind, points from earned where reversed_at is not null
    union all
    select customer, order_no, redeemed_at, 'redeem', spent from earned where reversed_at is null and redeemed_at is not null and spent > 0
),
-- first in, first out: at the end of a lot everything earned up to it is gone, whether spent or expired
timeline as (
    select customer, happened_at, 1 as turn, order_no, points as used, null::bigint as earned_so_far from used
    union all
    select customer, expires_at, 2, order_no, 0,
        sum(points) over (partition by customer order by happened_at, order_no)::bigint
    from earned
),
running as (
    select
        customer, happened_at, turn, order_no, earned_so_far,
        (earned_so_far - sum(used) over (partition by customer order by happened_at, turn, order_no))::bigint as unused
    from timeline
),
forfeited as (
    select
        customer, order_no, happened_at,
        greatest(0, max(unused) over (partition by customer order by happened_at, order_no)) as gone,
        greatest(0, coalesce(max(unused) over (
            partition by customer order by happened_at, order_no rows between unbounded preceding and 1 preceding
        ), 0)) as gone_before
    from running
    where turn = 2 and happened_at < getvariable('horizon')
),
balances as (
    select customer, sum(points) as earned_points from earned group by customer
),
entries as (
    select order_no || '-E' as entry, customer, happened_at, 'earn' as kind, points, order_id, expires_at, null as reverses,
        order_delay(order_no) as delay
    from earned
    union all
    select order_no || case kind when 'redeem' then '-R' else '-X' end, customer, happened_at, kind, points, null, null,
        case when kind = 'reverse' then order_no || '-E' end, 0
    from used
    union all
    select order_no || '-P', customer, happened_at, 'expire', gone - gone_before, null, null, null, 0 from forfeited where gone > gone_before
    union all
    select 'B' || customer, customer, plus(joined_at, 86400 * (20 + 200 * u(customer, 'birthday'))), 'adjust', 50, null, null, null, 0
    from loyalty_members
    where u(customer, 'gift') < 0.1
    union all
    -- planted: three members owe points
    (select 'N' || customer, customer, timestamp '2026-09-15 10:00:00', 'adjust', -(earned_points + 500), null, null, null, 0
    from balances
    order by customer
    limit 3)
)
select
    'PL' || entry as entry_id,
    'M' || lpad(customer::varchar, 8, '0') as member_id,
    customer, happened_at, kind, points, order_id, expires_at,
    'PL' || reverses as reverses_entry_id,
    delay
from entries
where happened_at < getvariable('horizon');
