-- What a panel of customers says of its loyalty: how satisfied on the whole, whether a rival 10 % cheaper would win them, and
-- whether they know the loyalty programme. Planted: who is very satisfied comes back far more often, who is merely content
-- hardly more often than who is not (zones of defection, indifference and affection).
insert into survey_items by name
select 'loyalty' as instrument, item_id, dimension, null as quality, attribute, scale_min, scale_max, null as not_applicable_value,
    'points' as unit, null as standard_id, false as reverse
from (values
    ('overall', null, 'Satisfied on the whole 总体满意', 1, 10),
    ('would_stay', 'competitor_immunity', 'Would stay if a rival were 10 % cheaper 同行便宜10%仍会留下', 0, 1),
    ('knows_programme', 'programme_awareness', 'Knows the loyalty programme 知道会员计划', 0, 1)
) as t (item_id, dimension, attribute, scale_min, scale_max);

create temp table loyalty_panel as
with asked as (
    select
        'SV-L' || customer || '-' || m as survey_id, customer, customer_id, store, segment,
        plus(timestamp '2024-09-04 10:00:00' + to_months(m::int), 86400 * floor(20 * u((customer, m), 'loyalty day'))) as sent_at
    from customers
    cross join range(26) as t (m)
    where segment <> 'prospect' and not is_company
        and u((customer, m), 'loyalty asked') < least(0.06, 600.0 / getvariable('customers'))
        and first_known_at < timestamp '2024-09-04 10:00:00' + to_months(m::int)
        and on_day(left_day) > timestamp '2024-09-24 10:00:00' + to_months(m::int)
),
answered as (
    select
        *,
        case when u(survey_id, 'responds') < 0.4
            then plus(sent_at, 900 + 86400 * 4 * pow(u(survey_id, 'responded'), 3)) end as responded_at
    from asked
    where sent_at < getvariable('horizon')
)
-- whether an order follows within 90 days of the answer, as the curve will look
select answered.*, coalesce(orders.ordered_at < answered.responded_at + interval '90 days', false) as comes_back
from answered
asof left join orders on orders.customer = answered.customer and orders.ordered_at > answered.responded_at;

insert into surveys by name
select
    survey_id, 'loyalty' as instrument, customer, customer_id, 'customer' as respondent_type, 'relationship' as about_type,
    null as about_id, store, 0 as delay, false as is_late, null::boolean as is_fast, 0 as trouble, sent_at,
    pick(['email', 'sms', 'wechat'], survey_id, 'channel') as channel, responded_at
from loyalty_panel;

insert into survey_answers by name
select survey_id, responded_at, 0 as delay, item_id, 'score' as side, score, null as text
from loyalty_panel
cross join lateral (values
    ('overall', (case when comes_back
        then [2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 8, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 10]
        else [1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 9, 10] end)[
        1 + cast(floor(u(survey_id, 'overall') * case when comes_back then 28 else 29 end) as int)]),
    ('would_stay', (u(survey_id, 'stays') < case when comes_back then 0.62 else 0.35 end)::int),
    ('knows_programme', (u(survey_id, 'knows') < case segment when 'champion' then 0.9 when 'regular' then 0.75 else 0.45 end)::int)
) as a (item_id, score)
where responded_at < getvariable('horizon');
