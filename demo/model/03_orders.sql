-- What they buy, what is promised and what arrives; complaints decide who comes back.
create table campaign_contacts as
select
    campaigns.campaign,
    campaigns.campaign_id,
    customers.customer,
    customers.customer_id,
    campaigns.effect,
    campaigns.face_value,
    plus(campaigns.starts_at, 28800 + floor(3600 * u((campaign, customer), 'assigned'))) as assigned_at,
    u((campaign, customer), 'control') < campaigns.control_share as is_control,
    0 as delay
from campaigns
inner join customers
    on customers.first_known_at < campaigns.starts_at
    and on_day(customers.left_day) > campaigns.starts_at
    and (customers.segment = 'prospect') = (campaigns.goal = 'acquire')
where u((campaign, customer), 'target') < campaigns.share;

create table drawn_orders as
with spans as (
    select
        customers.customer, customers.store, customers.segment, customers.is_company, customers.joined_day,
        came.trade as trade_from,
        gone.trade as trade_to
    from customers
    inner join days as came on came.day = greatest(customers.joined_day - 1, -1)
    inner join days as gone on gone.day = least(customers.left_day, 791) - 1
    where customers.segment <> 'prospect' and customers.left_day > 1
),
wishes as (
    select
        *,
        case segment
            when 'one_timer' then 1 + 0.22 * (trade_to - trade_from)
            when 'occasional' then 5 * (0.5 + u(customer, 'rate')) * (trade_to - trade_from)
            when 'regular' then 26 * (0.5 + u(customer, 'rate')) * (trade_to - trade_from)
            else 90 * (0.5 + u(customer, 'rate')) * (trade_to - trade_from)
        end as wish
    from spans
),
scale as (
    select
        (1.06 * getvariable('orders') - sum(wish::decimal(12, 4)) filter (where segment = 'one_timer')::double)
        / sum(wish::decimal(12, 4)) filter (where segment <> 'one_timer')::double as factor
    from wishes
),
counted as (
    select
        wishes.*,
        cast(floor(wish * case when segment = 'one_timer' then 1 else factor end + u(customer, 'orders')) as int) as orders
    from wishes, scale
),
numbered as (
    select
        customer * 1024 + n as order_no,
        customer, store, is_company,
        -- who joins in these months buys first soon after joining
        trade_from + (trade_to - trade_from)
        * case when n = 0 and joined_day >= 0 then 0.01 * u(customer, 'first') else u((customer, n), 'when') end as trade
    from counted, unnest(range(least(orders, 900))) as t (n)
)
select
    order_no, customer, store, is_company,
    plus(on_day(trade_days.day)::timestamp, 32400 + 46000 * u(order_no, 'clock')) as ordered_at
from numbered
inner join trade_days on trade_days.bucket = least(32767, cast(floor(trade * 32768) as int));

-- first complaint of each customer: whoever waited long for an answer buys less, whoever was helped at once comes back
create macro is_late(order_no, store, moment) as
    u(order_no, 'late') < 0.070 + 0.03 * (month(moment) = 11)::int + 0.25 * trouble(store, moment);
create macro is_complaint(order_no, store, moment) as
    u(order_no, 'complaint') < case when is_late(order_no, store, moment) then 0.12 else 0.022 end * (1 + 2 * trouble(store, moment));
create macro is_fast(order_no, store, moment) as u(order_no, 'fast') < 0.55 - 0.35 * trouble(store, moment);

create table complaints as
select customer, min(ordered_at) as ordered_at, arg_min(is_fast(order_no, store, ordered_at), ordered_at) as is_fast
from drawn_orders
where is_complaint(order_no, store, ordered_at)
group by customer;

create table bought as
with stayed as (
    select drawn_orders.*
    from drawn_orders
    left join complaints
        on complaints.customer = drawn_orders.customer
        and not complaints.is_fast
        and drawn_orders.ordered_at > complaints.ordered_at
        and drawn_orders.ordered_at < complaints.ordered_at + interval '200 days'
    where complaints.customer is null or u(order_no, 'forgives') < 0.35
),
recovered as (
    select
        customers.customer * 1024 + 1000 as order_no, customers.customer, customers.store, customers.is_company,
        plus(complaints.ordered_at, 86400 * (12 + 55 * u(customers.customer, 'comes back'))) as ordered_at
    from complaints
    inner join customers using (customer)
    where complaints.is_fast and u(customers.customer, 'is won back') < 0.55
),
won as (
    select
        customers.customer * 1024 + 1010 + campaign_contacts.campaign as order_no,
        customers.customer, customers.store, customers.is_company,
        plus(campaign_contacts.assigned_at, 86400 * (0.2 + 20 * u(customers.customer, 'answers campaign'))) as ordered_at
    from campaign_contacts
    inner join customers using (customer)
    where not campaign_contacts.is_control
        and u((campaign_contacts.campaign, customers.customer), 'is moved') < campaign_contacts.effect
)
select * from stayed
union all
select * from recovered where ordered_at < getvariable('horizon')
union all
select * from won where ordered_at < getvariable('horizon');
drop table drawn_orders;

create table coupons as
with issued as (
    select campaign, customer, campaign_id, customer_id, face_value, assigned_at as issued_at,
        assigned_at + interval '45 days' as expires_at
    from campaign_contacts
    where not is_control and face_value is not null
),
uses as (
    select issued.campaign, issued.customer, min(bought.ordered_at) as redeemed_at, arg_min(bought.order_no, bought.ordered_at) as order_no
    from issued
    inner join bought
        on bought.customer = issued.customer
        and bought.ordered_at > issued.issued_at
        and bought.ordered_at < issued.expires_at
    where u((issued.campaign, issued.customer), 'redeems') < 0.5
    group by issued.campaign, issued.customer
)
select
    'CP' || lpad(issued.campaign::varchar, 2, '0') || lpad(issued.customer::varchar, 8, '0') as coupon_id,
    issued.*,
    0 as delay,
    uses.redeemed_at,
    uses.order_no
from issued
left join uses on uses.campaign = issued.campaign and uses.customer = issued.customer
-- an order takes one coupon
qualify uses.order_no is null or row_number() over (partition by uses.order_no order by issued.campaign) = 1;

create table order_lines as
with numbered as (
    select
        order_no,
        ordered_at,
        unnest(range(
            1 + (u(order_no, 'lines') < 0.62)::int + (u(order_no, 'lines') < 0.30)::int + (u(order_no, 'lines') < 0.10)::int
        )) as n
    from bought
),
drawn as (
    select
        *,
        order_no * 8 + n as line_key,
        1 + cast(floor(getvariable('products') * pow(u(order_no * 8 + n, 'product'), 1.35)) as int) as product
    from numbered
)
select
    drawn.order_no,
    drawn.ordered_at,
    order_delay(drawn.order_no) as delay,
    n + 1 as line_no,
    product,
    products.product_id,
    products.category,
    1 + (u(line_key, 'quantity') < 0.18)::int + (u(line_key, 'quantity') < 0.05)::int as quantity,
    products.list_price as unit_price,
    products.unit_cost,
    case when u(line_key, 'line discount') < 0.2 then (products.list_price * 0.1)::decimal(10, 2) end as discount_amount
from drawn
inner join products using (product);

create table orders as
with amounts as (
    select
        order_no,
        sum(quantity * unit_price - coalesce(discount_amount, 0))::decimal(12, 2) as gross_amount,
        count(*) filter (where category = 'appliances') as appliances
    from order_lines
    group by order_no
),
drawn as (
    select
        bought.order_no, bought.customer, bought.store, bought.is_company, bought.ordered_at,
        amounts.gross_amount, amounts.appliances,
        -- English stores sell in pounds; lines and points are kept in the company's currency
        case when bought.store >= 11 then fx_rates.rate else 1 end as rate,
        coupons.coupon_id, coupons.face_value,
        case when u(order_no, 'channel') < 0.30 then 'store' when u(order_no, 'channel') < 0.55 then 'online'
            when u(order_no, 'channel') < 0.77 then 'app' when u(order_no, 'channel') < 0.92 then 'wechat'
            else 'phone' end as channel,
        u(order_no, 'fate') < 0.03 as is_cancelled,
        u(order_no, 'fate') between 0.03 and 0.034 as is_unavailable,
        is_late(order_no, store, ordered_at) as is_late,
        is_complaint(order_no, store, ordered_at) and order_no % 1024 < 1000 as is_complaint,
        is_fast(order_no, store, ordered_at) as is_fast
    from bought
    inner join amounts using (order_no)
    left join coupons using (order_no)
    inner join fx_rates on fx_rates.currency = 'GBP' and fx_rates.date = bought.ordered_at::date
),
promised as (
    select
        *,
        case when channel <> 'store'
            then plus(ordered_at::date::timestamp, 86400 * (2 + floor(4 * u(order_no, 'promise'))) + 64800) end as promised_at,
        case when channel <> 'store' and not is_cancelled and not is_unavailable
            then plus(ordered_at, 14400 + 57600 * u(order_no, 'ships')) end as shipped_at,
        case when channel <> 'store' and (is_cancelled or is_unavailable)
            then plus(ordered_at, 3600 + 100000 * u(order_no, 'cancels')) end as cancelled_at
    from drawn
)
select
    order_no,
    'O' || lpad(order_no::varchar, 11, '0') as order_id,
    customer,
    'K' || lpad(customer::varchar, 8, '0') as customer_id,
    store,
    'S' || lpad(store::varchar, 2, '0') as store_id,
    is_company, ordered_at, channel, appliances, coupon_id,
    case when store >= 11 then 'GBP' else 'CNY' end as currency,
    (gross_amount / rate)::decimal(12, 2) as gross_amount,
    (case
        when coupon_id is not null then least(gross_amount, face_value)
        when u(order_no, 'discount') < 0.12 then gross_amount * 0.05
    end / rate)::decimal(12, 2) as discount_amount,
    gross_amount as amount_in_cny,
    promised_at, shipped_at, cancelled_at,
    case when cancelled_at is not null and is_unavailable then 'unavailable' else 'cancelled' end as cancelled_as,
    case
        when channel = 'store' then ordered_at
        when shipped_at is null then null
        when is_late then plus(promised_at, 7200 + 86400 * least(9, 0.9 * exp(0.8 * z(order_no, 'days late'))))
        else plus(promised_at, -date_diff('second', shipped_at, promised_at) * (0.02 + 0.7 * u(order_no, 'early')))
    end as delivered_at,
    case when is_late and channel <> 'store'
        then pick(['out_of_stock', 'carrier', 'carrier', 'weather', 'wrong_address'], order_no, 'delay reason') end as delay_reason,
    case when is_company then plus(ordered_at::date::timestamp, 30 * 86400 + 64800) end as payment_due_at,
    u(order_no, 'customised') < 0.05 as is_customised,
    is_late and channel <> 'store' as is_late,
    is_complaint, is_fast,
    order_delay(order_no) as delay
from promised;

drop table bought;

-- what is given back comes back soon; what breaks does so at any age, more often early
create table returns as
with drawn as (
    select
        orders.order_no, orders.order_id, line_no, order_lines.product_id, orders.customer, orders.delivered_at, products.warranty_months,
        order_lines.unit_price - coalesce(order_lines.discount_amount, 0) / order_lines.quantity as price_paid,
        pick(['refund', 'refund', 'replace', 'repair'], (order_no, line_no), 'return kind') as kind
    from order_lines
    inner join orders using (order_no)
    inner join products using (product)
    where orders.delivered_at is not null and u((order_no, line_no), 'return') < 0.022
),
dated as (
    select
        *,
        plus(delivered_at, 86400 * (1.2 + case
            when kind = 'refund' or warranty_months is null then 25 * u((order_no, line_no), 'returned')
            else 32 * warranty_months * pow(u((order_no, line_no), 'returned'), 1.8)
        end)) as returned_at
    from drawn
)
select
    'R' || lpad(order_no::varchar, 11, '0') || '-' || line_no as return_id,
    order_no, order_id, line_no, product_id, customer, returned_at,
    1 as quantity,
    kind,
    warranty_months is not null and returned_at::date <= (delivered_at::date + to_months(warranty_months))::date
    and u((order_no, line_no), 'warranty') < 0.95 as under_warranty,
    price_paid,
    0 as delay,
    case when kind = 'refund'
        then pick(['defect 质量问题', 'wrong item 发错货', 'not as described 与描述不符', 'no longer wanted 不想要了'],
            (order_no, line_no), 'return reason')
        else 'defect 质量问题' end as reason
from dated
where returned_at < getvariable('horizon');

create table payments as
select
    'PY' || lpad(order_no::varchar, 11, '0') as payment_id,
    order_id,
    case when is_company
        then plus(payment_due_at, 86400 * (-20 + 30 * u(order_no, 'pays')))
        else plus(ordered_at, 30 + 600 * u(order_no, 'pays')) end as paid_at,
    gross_amount - coalesce(discount_amount, 0) as amount,
    currency,
    case when is_company then 'transfer' else pick(['wechat_pay', 'alipay', 'card', 'cash'], order_no, 'method') end as method,
    delay
from orders
where cancelled_at is null;
