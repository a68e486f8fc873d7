-- What customers think they get and give: four kinds of value, four kinds of cost, 1-7. Who buys often gets more out of it;
-- the worsening store costs time and nerves.
insert into survey_items by name
select 'perceived_value' as instrument, item_id, item_id as dimension, null as quality, attribute, 1 as scale_min, 7 as scale_max,
    null as not_applicable_value, 'points' as unit, null as standard_id, false as reverse
from (values
    ('product', 'Value of the goods 产品价值'), ('service', 'Value of the service 服务价值'), ('personnel', 'Value of the staff 人员价值'),
    ('image', 'Value of the name 形象价值'), ('money', 'What it costs in money 货币成本'), ('time', 'What it costs in time 时间成本'),
    ('energy', 'What it costs in effort 体力成本'), ('psychic', 'What it costs in worry 精神成本')
) as t (item_id, attribute);

insert into surveys by name
select
    survey_id, 'perceived_value' as instrument, customer, customer_id, 'customer' as respondent_type, 'relationship' as about_type,
    null as about_id, store, 0 as delay, false as is_late, null::boolean as is_fast, trouble(store, sent_at) as trouble, sent_at,
    pick(['email', 'sms', 'wechat'], survey_id, 'channel') as channel,
    case when u(survey_id, 'responds') < 0.36 then plus(sent_at, 900 + 86400 * 4 * pow(u(survey_id, 'responded'), 3)) end as responded_at
from (
    select
        'SV-V' || customer || '-' || m as survey_id, customer, customer_id, store, first_known_at, left_day,
        plus(timestamp '2024-09-07 10:00:00' + to_months(m::int), 86400 * floor(16 * u((customer, m), 'value day'))) as sent_at
    from customers
    cross join range(26) as t (m)
    where segment <> 'prospect' and u((customer, m), 'value asked') < least(0.05, 1200.0 / getvariable('customers'))
)
where first_known_at < sent_at and on_day(left_day) > sent_at and sent_at < getvariable('horizon');

insert into survey_answers by name
with answered as (
    select
        surveys.survey_id, surveys.responded_at, surveys.delay, surveys.trouble,
        0.6 * z(surveys.survey_id, 'mood')
        + case customers.segment when 'champion' then 0.7 when 'regular' then 0.45 when 'occasional' then 0.15 else 0 end as mood
    from surveys
    inner join customers using (customer)
    where surveys.instrument = 'perceived_value' and surveys.responded_at < getvariable('horizon')
)
select
    survey_id, responded_at, delay, item_id, 'score' as side,
    greatest(1, least(7, cast(round(
        middle + side_of_mood * mood + side_of_trouble * trouble + 0.8 * z((survey_id, item_id), 'weighs')
    ) as int))) as score,
    null as text
from answered
cross join (values
    ('product', 5.1, 0.9, -0.1), ('service', 4.9, 1.0, -1.1), ('personnel', 4.8, 0.9, -0.7), ('image', 4.6, 0.7, -0.3),
    ('money', 4.2, -0.4, 0.1), ('time', 3.6, -0.5, 1.3), ('energy', 3.1, -0.4, 0.6), ('psychic', 2.9, -0.6, 1.0)
) as items (item_id, middle, side_of_mood, side_of_trouble)
-- one answer in a hundred is left blank
where u((survey_id, item_id), 'blank') > 0.01;
