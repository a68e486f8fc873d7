-- What the company asks beside the short surveys: product and service by facet, the relationship with its attributes and
-- their importance, Kano's questions, and what customers expect and managers believe of the public service standards.
insert into survey_items by name
select
    instrument, item_id, dimension, quality, attribute,
    -- what a customer buys, takes for granted, gets beyond that and may yet get; the joy of owning it is on no one level
    case
        when (instrument, item_id) in (('product', 'physical'), ('product', 'physiological'), ('relationship', 'goods')) then 'core'
        when (instrument, item_id) in (('product', 'price'), ('relationship', 'value')) then 'expected'
        when (instrument, item_id) in (('product', 'artistic'), ('product', 'service'), ('relationship', 'delivery')) then 'augmented'
        when (instrument, item_id) = ('product', 'cultural') then 'potential'
    end as product_level,
    scale_min, scale_max, null as not_applicable_value, unit, standard_id, false as reverse
from (values
    ('product', 'physical', 'physical', null, 'Works and lasts 物理功能', 1, 5, 'points', null),
    ('product', 'physiological', 'physiological', null, 'Good for body and health 生理功能', 1, 5, 'points', null),
    ('product', 'psychological', 'psychological', null, 'Pleasure of owning it 心理功能', 1, 5, 'points', null),
    ('product', 'price', 'price', 'economy', 'Worth its price 价格品位', 1, 5, 'points', null),
    ('product', 'artistic', 'artistic', null, 'Design 艺术品位', 1, 5, 'points', null),
    ('product', 'cultural', 'cultural', null, 'Suits our way of life 文化品位', 1, 5, 'points', null),
    ('product', 'service', 'service', 'courtesy', 'Service around it 服务', 1, 5, 'points', null),
    ('relationship', 'overall', 'overall', null, 'Satisfied on the whole 总体满意', 1, 10, 'points', null),
    ('relationship', 'expectation', 'against_expectation', null, 'Against expectation 与期望相比', 1, 10, 'points', null),
    ('relationship', 'ideal', 'against_ideal', null, 'Against the ideal 与理想相比', 1, 10, 'points', null),
    ('relationship', 'goods', 'attribute', 'functionality', 'Quality of goods 商品质量', 1, 10, 'points', null),
    ('relationship', 'value', 'attribute', 'economy', 'Value for money 性价比', 1, 10, 'points', null),
    ('relationship', 'delivery', 'attribute', 'timeliness', 'Delivery 送货', 1, 10, 'points', null),
    ('relationship', 'staff', 'attribute', 'courtesy', 'Staff 员工', 1, 10, 'points', null),
    ('relationship', 'hotline', 'attribute', 'timeliness', 'Hotline 热线', 1, 10, 'points', null),
    ('relationship', 'store', 'attribute', 'comfort', 'Comfort of the store 门店环境', 1, 10, 'points', null),
    ('kano', 'time_slot', null, null, 'Delivery in a chosen hour 指定时段送货', 1, 5, 'points', null),
    ('kano', 'tracking', null, null, 'Delivery tracking 物流跟踪', 1, 5, 'points', null),
    ('kano', 'polite_staff', null, null, 'Polite staff 员工礼貌', 1, 5, 'points', null),
    ('kano', 'gift_wrapping', null, null, 'Gift wrapping 礼品包装', 1, 5, 'points', null),
    ('kano', 'sales_calls', null, null, 'Calls with offers 促销电话', 1, 5, 'points', null),
    ('standards', 'installation', null, null, 'Installation limit 装机时限', null, null, 'working_days', 'installation'),
    ('standards', 'fault_repair', null, null, 'Fault repair limit 障碍修复时限', null, null, 'hours', 'fault_repair'),
    ('standards', 'calls_answered', null, null, 'Rings until answered 电话振铃次数', null, null, 'rings', 'calls_answered')
) as t (instrument, item_id, dimension, quality, attribute, scale_min, scale_max, unit, standard_id);

-- at most so many a month, however large the company is; each customer is asked in some months
create temp table panels as
select
    instrument, prefix, customer, customer_id, store, m,
    plus(timestamp '2024-09-06 10:00:00' + to_months(m::int), 86400 * floor(18 * u((customer, m), instrument || ' day'))) as sent_at
from customers
cross join range(26) as t (m)
cross join (values
    ('product', 'SV-P', 0.06, 1200.0), ('relationship', 'SV-R', 0.05, 1200.0), ('kano', 'SV-K', 0.02, 400.0), ('standards', 'SV-D', 0.015, 300.0)
) as p (instrument, prefix, share, most)
where segment <> 'prospect' and u((customer, m), instrument || ' asked') < least(share, most / getvariable('customers'))
    and first_known_at < plus(timestamp '2024-09-06 10:00:00' + to_months(m::int), 86400 * floor(18 * u((customer, m), instrument || ' day')))
    and on_day(left_day) > plus(timestamp '2024-09-06 10:00:00' + to_months(m::int), 86400 * floor(18 * u((customer, m), instrument || ' day')));

insert into surveys by name
select
    survey_id, instrument, customer, customer_id, 'customer' as respondent_type, 'relationship' as about_type, null as about_id,
    store, 0 as delay, false as is_late, null::boolean as is_fast, trouble(store, sent_at) as trouble, sent_at,
    pick(['email', 'sms', 'wechat'], survey_id, 'channel') as channel,
    case when u(survey_id, 'responds') < 0.34 then plus(sent_at, 900 + 86400 * 4 * pow(u(survey_id, 'responded'), 3)) end as responded_at
from (select *, prefix || customer || '-' || m as survey_id from panels)
where sent_at < getvariable('horizon')
union all by name
-- each quarter a manager of every store says what customers expect
select
    'SV-M' || store || '-' || q as survey_id, 'standards' as instrument, null as customer, null as customer_id,
    'manager' as respondent_type, 'store' as about_type, store_id as about_id, store, 0 as delay, false as is_late,
    null::boolean as is_fast, 0 as trouble, sent_at, 'email' as channel, plus(sent_at, 86400 * (1 + 3 * u((store, q), 'manager answers'))) as responded_at
from (
    select store, store_id, q, timestamp '2024-10-08 09:00:00' + to_months(3 * q::int) as sent_at
    from stores, range(9) as t (q)
);

insert into survey_answers by name
with answered as (
    select
        surveys.*,
        z(survey_id, 'mood') - 1.0 * trouble as mood
    from surveys
    where responded_at is not null and instrument in ('product', 'relationship', 'kano', 'standards')
),

facets as (
    select survey_id, responded_at, delay, items.item_id, 'score' as side,
        5 - (draw < -1.9)::int - (draw < -1.3)::int - (draw < -0.7)::int - (draw < 0.3)::int as score
    from (
        select answered.survey_id, answered.responded_at, answered.delay, items.item_id,
            items.ease + 0.6 * answered.mood + 0.8 * z((answered.survey_id, items.item_id), 'facet') as draw
        from answered
        cross join (values
            ('physical', 0.35), ('physiological', 0.2), ('psychological', 0.1), ('price', -0.35), ('artistic', 0.0),
            ('cultural', -0.1), ('service', 0.05)
        ) as items (item_id, ease)
        where answered.instrument = 'product'
    ) as items
    where u((survey_id, item_id), 'blank') > 0.03
),

-- planted: delivery weighs most and is weak, staff is strong, the store is better than it needs to be
attributes as (
    select answered.survey_id, answered.responded_at, answered.delay, answered.mood, items.item_id, items.weight,
        greatest(1, least(10, round(items.level + 0.9 * answered.mood + 1.2 * z((answered.survey_id, items.item_id), 'rates')
            - case when items.item_id in ('delivery', 'hotline') then 1.5 * answered.trouble else 0 end))) as performance,
        greatest(1, least(10, round(items.importance + 1.1 * z((answered.survey_id, items.item_id), 'weighs')))) as importance
    from answered
    cross join (values
        ('goods', 7.9, 8.6, 0.22), ('value', 7.0, 8.2, 0.14), ('delivery', 6.7, 8.7, 0.34), ('staff', 8.3, 8.4, 0.20),
        ('hotline', 6.6, 6.4, 0.06), ('store', 8.4, 5.9, 0.04)
    ) as items (item_id, level, importance, weight)
    where answered.instrument = 'relationship'
),

verdicts as (
    select survey_id, responded_at, delay, sum(weight * performance) as verdict
    from attributes
    group by survey_id, responded_at, delay
),

-- how many of a hundred see each attribute as attractive, one-dimensional, must-be; the rest do not care, or like it better without
kano_views as (
    select answered.survey_id, answered.responded_at, answered.delay, items.item_id, items.a, items.o, items.m, items.r,
        u((answered.survey_id, items.item_id), 'view') as view,
        u((answered.survey_id, items.item_id), 'shade') as shade
    from answered
    cross join (values
        ('time_slot', 0.52, 0.20, 0.06, 0.01), ('tracking', 0.16, 0.48, 0.22, 0.01), ('polite_staff', 0.05, 0.27, 0.58, 0.0),
        ('gift_wrapping', 0.22, 0.05, 0.03, 0.06), ('sales_calls', 0.03, 0.02, 0.01, 0.56)
    ) as items (item_id, a, o, m, r)
    where answered.instrument = 'kano'
),

kano_answers as (
    select survey_id, responded_at, delay, item_id,
        case
            when view < a + o then 1
            when view < a + o + m then 2 + cast(floor(3 * shade) as int)
            when view < a + o + m + r then 5
            else 2 + cast(floor(3 * shade) as int)
        end as functional,
        case
            when view < a then 2 + cast(floor(3 * shade) as int)
            when view < a + o + m then 5
            when view < a + o + m + r then 1 + cast(floor(4 * shade) as int)
            else 4 - cast(floor(3 * shade) as int)
        end as dysfunctional
    from kano_views
),

-- planted: managers think customers more patient than they are
standards as (
    select answered.survey_id, answered.responded_at, answered.delay, items.item_id, side,
        greatest(1, round(case
            when side = 'perception' then items.perceived
            when answered.respondent_type = 'manager' then items.believed
            else items.expected
        end * exp(0.25 * z((answered.survey_id, items.item_id), side)))) as score
    from answered
    cross join (values
        ('installation', 4.0, 5.5, 3.6), ('fault_repair', 8.0, 11.0, 7.0), ('calls_answered', 3.0, 3.2, 3.4)
    ) as items (item_id, expected, believed, perceived)
    cross join (values ('expectation'), ('perception')) as sides (side)
    where answered.instrument = 'standards' and (side = 'expectation' or answered.respondent_type = 'customer')
)

select survey_id, responded_at, delay, item_id, side, score, null as text
from (
    select * from facets
    union all
    select survey_id, responded_at, delay, item_id, 'score', performance from attributes where u((survey_id, item_id), 'blank') > 0.02
    union all
    select survey_id, responded_at, delay, item_id, 'importance', importance from attributes where u((survey_id, item_id), 'blank') > 0.02
    union all
    select survey_id, responded_at, delay, item.item_id, 'score',
        greatest(1, least(10, round(verdict + item.shift + 0.7 * z((survey_id, item.item_id), 'verdict'))))
    from verdicts
    cross join (values ('overall', 0.1), ('expectation', -0.4), ('ideal', -0.9)) as item (item_id, shift)
    union all
    select survey_id, responded_at, delay, item_id, 'functional', functional from kano_answers
    union all
    select survey_id, responded_at, delay, item_id, 'dysfunctional', dysfunctional from kano_answers
    union all
    select survey_id, responded_at, delay, item_id, side, score from standards
)
where responded_at < getvariable('horizon');
