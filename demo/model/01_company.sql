-- The company: stores, agents, products, campaigns, promises, calendars. Times are local to Asia/Shanghai throughout.
create table stores as
select
    store,
    'S' || lpad(store::varchar, 2, '0') as store_id,
    name, department, region, 'Kefu Home 客福家居' as brand, time_zone, schedule_id, weight
from (values
    (1, '上海南京路店 Shanghai Nanjing Road', 'retail', 'east', 'Asia/Shanghai', 'retail', 14),
    (2, '杭州西湖店 Hangzhou West Lake', 'retail', 'east', 'Asia/Shanghai', 'retail', 10),
    (3, '南京新街口店 Nanjing Xinjiekou', 'retail', 'east', 'Asia/Shanghai', 'retail', 9),
    (4, '苏州园区店 Suzhou Park', 'service', 'east', 'Asia/Shanghai', 'standard', 7),
    (5, '北京朝阳店 Beijing Chaoyang', 'retail', 'north', 'Asia/Shanghai', 'retail', 13),
    (6, '天津滨江道店 Tianjin Binjiang', 'retail', 'north', 'Asia/Shanghai', 'retail', 8),
    (7, '青岛海滨店 Qingdao Seaside', 'retail', 'north', 'Asia/Shanghai', 'retail', 12),
    (8, '广州天河店 Guangzhou Tianhe', 'retail', 'south', 'Asia/Shanghai', 'retail', 10),
    (9, '深圳南山店 Shenzhen Nanshan', 'service', 'south', 'Asia/Shanghai', 'standard', 8),
    (10, '夜间服务中心 Night Service Centre', 'hotline', 'south', 'Asia/Shanghai', 'night', 2),
    (11, 'London Soho 伦敦苏豪店', 'retail', 'international', 'Europe/London', 'uk_office', 5),
    (12, 'Manchester Deansgate 曼彻斯特店', 'retail', 'international', 'Europe/London', 'uk_office', 2)
) as t (store, name, department, region, time_zone, schedule_id, weight);

set variable store_wheel = (select list(store order by store, i) from stores, unnest(range(weight)) as w (i));

-- trade by day: growth comes from the customers, here the season of the year and of the week
create table days as
with weights as (
    select
        i::int as day,
        on_day(i) as date,
        [0.95, 0.70, 0.95, 0.95, 1.00, 1.30, 0.95, 0.95, 1.00, 1.05, 1.60, 1.15][month(on_day(i))]
        * case when isodow(on_day(i)) >= 6 then 1.25 else 0.92 end as weight
    from range(-1, 792) as t (i)
)
select
    day,
    date,
    sum(weight::decimal(9, 4)) over (order by day)::double
    / sum(weight::decimal(9, 4)) over ()::double as trade
from weights;

-- the inverse: share of all trade (in 1/32768) -> day
create table trade_days as
select bucket::int as bucket, days.day
from range(32768) as t (bucket)
asof join days on (bucket / 32768.0) < days.trade;

-- the opening hours are those of the reference tables, so that agents answer when the marts think they are there;
-- always is for the few who answer at any hour
create table open_half_hours as
with shifts as (
    select * from read_csv(getvariable('reference') || '/schedules.csv', types = {'opens': 'time', 'closes': 'time'})
),
opened as (
    select
        shifts.schedule_id,
        shifts.time_zone,
        unnest(range(
            d.day::date + shifts.opens,
            d.day::date + shifts.closes + case when shifts.closes <= shifts.opens then interval '1 day' else interval '0 days' end,
            interval '30 minutes'
        )) as wall_clock
    from range(timestamp '2024-08-29', timestamp '2027-01-10', interval '1 day') as d (day)
    inner join shifts
        on shifts.weekday = isodow(d.day)
        and d.day::date between coalesce(shifts.valid_from, date '1900-01-01') and coalesce(shifts.valid_to, date '9999-12-31')
    anti join read_csv(getvariable('reference') || '/holidays.csv') as holidays
        on holidays.schedule_id = shifts.schedule_id and holidays.holiday_date = d.day::date
),
begun as (
    select schedule_id, timezone('Asia/Shanghai', timezone(time_zone, wall_clock)) as begins from opened
    union all
    select 'always', begins from range(timestamp '2024-08-30', timestamp '2027-01-10', interval '30 minutes') as r (begins)
)
select schedule_id, begins, row_number() over (partition by schedule_id order by begins) - 1 as slot
from begun;

-- every half hour of every schedule, with the business minutes worked before it
create table half_hours as
select
    schedules.schedule_id,
    r.begins,
    opened.begins is not null as is_open,
    30 * (count(opened.begins) over (partition by schedules.schedule_id order by r.begins) - (opened.begins is not null)::int) as worked
from (select distinct schedule_id from open_half_hours) as schedules
cross join range(timestamp '2024-08-28', timestamp '2026-11-02', interval '30 minutes') as r (begins)
left join open_half_hours as opened on opened.schedule_id = schedules.schedule_id and opened.begins = r.begins;

create table agents as
select
    (store - 1) * getvariable('agents_per_store') + i as agent,
    'A' || lpad(((store - 1) * getvariable('agents_per_store') + i)::varchar, 5, '0') as agent_id,
    store,
    store_id,
    case when region = 'international'
        then pick(['Emma', 'Oliver', 'Amelia', 'Jack', 'Grace', 'Harry'], (store, i), 'agent given') || ' '
            || pick(['Taylor', 'Evans', 'Walker', 'Hughes', 'Wright'], (store, i), 'agent family')
        else pick(['赵', '钱', '孙', '周', '吴', '郑', '冯', '陈', '蒋', '沈'], (store, i), 'agent family')
            || pick(['丽', '强', '敏', '静', '磊', '洋', '艳', '勇', '军', '杰', '娜', '涛'], (store, i), 'agent given')
    end as name,
    ['hotline', 'online', 'after_sales'][1 + i % 3] as team,
    -- the last agent of each store is new, and works on no ticket yet
    case when i = getvariable('agents_per_store') - 1
        then plus(timestamp '2026-03-02 09:00:00', 604800 * (store - 1))
        else plus(timestamp '2021-03-01 09:00:00', 86400 * floor(1200 * u((store, i), 'hired'))) end as hired_at,
    case when store = 6 and i = 0 then timestamp '2026-10-20 18:00:00' end as left_at
from stores, range(getvariable('agents_per_store')) as t (i);

create table products as
with numbered as (
    select i::int as product, 1 + (i - 1) % 6 as c, (i - 1) // 6 as n
    from range(1, getvariable('products') + 1) as t (i)
)
select
    product,
    'P' || lpad(product::varchar, 4, '0') as product_id,
    pick(['Aurora 极光', 'Bamboo 竹韵', 'Cloud 云端', 'Dawn 晨曦', 'Echo 回声'], product, 'name') || ' '
        || ['Refrigerator 冰箱', 'Washing machine 洗衣机', 'Phone 手机', 'Cookware 炊具', 'Bedding 床品', 'Lamp 灯具'][c]
        || ' ' || (100 + n * 10)::varchar as name,
    pick(['Aurora', 'Bamboo', 'Cloud', 'Dawn', 'Echo'], product, 'name') as brand,
    ['appliances', 'appliances', 'electronics', 'kitchen', 'home', 'lighting'][c] as category,
    round([2899, 2399, 1999, 259, 329, 149][c] * (0.7 + 0.9 * u(product, 'price')))::decimal(10, 2) as list_price,
    round([2899, 2399, 1999, 259, 329, 149][c] * (0.7 + 0.9 * u(product, 'price'))
        * (0.52 + 0.16 * u(product, 'cost')))::decimal(10, 2) as unit_cost,
    'CNY' as currency,
    [36, 36, 12, 6, null, 12][c] as warranty_months
from numbered;

create table fx_rates as
select
    currency,
    days.date,
    round(base * (1 + 0.03 * sin(days.day / 45.0 + base)), 6)::decimal(18, 6) as rate,
    days.date::timestamp as known_at,
    0 as delay
from days, (values ('GBP', 9.23), ('USD', 7.18), ('EUR', 7.86), ('HKD', 0.92)) as c (currency, base)
where days.day between 0 and 790;

create table campaigns as
select
    campaign,
    'C' || lpad(campaign::varchar, 2, '0') as campaign_id,
    name, channel, goal,
    starts_at::timestamp as starts_at,
    (starts_at + interval '20 days')::timestamp as ends_at,
    (cost * (getvariable('customers') / 5000))::decimal(12, 2) as cost,
    share, control_share, effect, face_value
from (values
    (1, '双十一预热 Singles Day warm-up', 'email', 'sell', date '2024-10-25', 6000, 0.30, 0.0, 0.0, 30),
    (2, '新春问候 New Year greetings', 'wechat', 'retain', date '2025-01-10', 3000, 0.30, 0.0, 0.0, null),
    (3, '老友回归 We miss you', 'sms', 'win_back', date '2025-03-10', 4500, 0.20, 0.0, 0.0, 20),
    (4, '年中大促 Mid-year sale', 'email', 'sell', date '2025-06-01', 6500, 0.35, 0.0, 0.0, 30),
    (5, '邀请试用 Try us', 'email', 'acquire', date '2025-08-18', 8000, 0.50, 0.0, 0.0, null),
    (6, '双十一预热 Singles Day warm-up', 'email', 'sell', date '2025-10-25', 7000, 0.30, 0.0, 0.0, 30),
    (7, '新春问候 New Year greetings', 'wechat', 'retain', date '2026-01-25', 3200, 0.30, 0.0, 0.0, null),
    (8, '会员日 Members day', 'app', 'retain', date '2026-05-11', 4000, 0.25, 0.0, 0.0, 20),
    -- planted: the first of these two works, the second does not
    (9, '老客专享礼 Loyal customers'' gift', 'wechat', 'retain', date '2026-08-03', 9000, 0.45, 0.25, 0.18, 40),
    (10, '应用推送 App push', 'app', 'sell', date '2026-08-10', 9000, 0.45, 0.25, 0.0, null),
    (11, '国庆特惠 National Day offers', 'sms', 'sell', date '2026-09-28', 5000, 0.20, 0.0, 0.0, 30)
) as t (campaign, name, channel, goal, starts_at, cost, share, control_share, effect, face_value);

create table sla_policies as
select
    metric || '-' || priority || '-' || part as policy_id,
    metric, priority, minutes[part]::int as target_minutes, clock,
    [date '2024-01-01', date '2025-10-01'][part] as valid_from,
    [date '2025-09-30', null][part] as valid_to
from (values
    ('first_reply', 'urgent', [60, 30], 'business'), ('first_reply', 'high', [120, 90], 'business'),
    ('first_reply', 'normal', [240, 180], 'business'), ('first_reply', 'low', [480, 480], 'business'),
    ('next_reply', 'urgent', [60, 60], 'business'), ('next_reply', 'high', [240, 180], 'business'),
    ('next_reply', 'normal', [480, 360], 'business'), ('next_reply', 'low', [960, 960], 'business'),
    ('full_resolution', 'urgent', [1440, 1440], 'calendar'), ('full_resolution', 'high', [2880, 2880], 'calendar'),
    ('full_resolution', 'normal', [4320, 4320], 'calendar'), ('full_resolution', 'low', [10080, 7200], 'calendar')
) as t (metric, priority, minutes, clock), (values (1), (2)) as p (part);

create table promises as
select
    'PR' || lpad(row_number() over (order by standard_id, store_id nulls first)::varchar, 3, '0') as promise_id,
    store_id, department, standard_id, value::decimal(18, 6) as value, unit,
    case when standard_id = 'first_hot_dish' then date '2025-06-01' else date '2024-01-01' end as valid_from, null::date as valid_to
from (values
    (null, 'service', 'installation', 7.0, 'working_days'), (null, 'service', 'relocation', 7.0, 'working_days'),
    (null, 'service', 'fault_repair', 16.0, 'hours'), (null, 'hotline', 'calls_answered', 3.0, 'rings'),
    (null, 'retail', 'check_out', 3.0, 'minutes'), ('S11', 'retail', 'first_hot_dish', 10.0, 'minutes')
) as t (store_id, department, standard_id, value, unit);

create table survey_items as
select instrument, item_id, dimension, quality, attribute, null::varchar as product_level, scale_min, scale_max, not_applicable_value, unit, standard_id::varchar as standard_id, false as reverse
from (values
    ('csat', 'csat', null, null, 'Overall satisfaction 总体满意度', 1, 5, null, 'points', null),
    ('nps', 'nps', null, null, 'Would recommend 推荐意愿', 0, 10, null, 'points', null),
    ('ces', 'ces', null, null, 'Made it easy 省力程度', 1, 7, null, 'points', null),
    ('exit', 'reason', null, null, 'Reason for leaving 离开原因', null, null, null, null, null),
    ('exit', 'would_return', null, null, 'Would come back 是否会回来', 1, 5, 0, 'points', null),
    ('agent_satisfaction', 'overall', null, null, 'Satisfaction with the job 员工满意度', 1, 10, null, 'points', null)
) as t (instrument, item_id, dimension, quality, attribute, scale_min, scale_max, not_applicable_value, unit, standard_id)
union all
select
    'servqual', 'q' || lpad(n::varchar, 2, '0'),
    case when n <= 4 then 'tangibles' when n <= 9 then 'reliability' when n <= 13 then 'responsiveness'
        when n <= 17 then 'assurance' else 'empathy' end,
    case when n <= 4 then 'comfort' when n <= 9 then 'functionality' when n <= 13 then 'timeliness'
        when n <= 17 then 'safety' else 'courtesy' end,
    ['Modern equipment 设备先进', 'Attractive premises 环境吸引人', 'Neat staff 员工整洁', 'Materials in keeping 设施与服务相称',
        'Promises kept in time 按时兑现承诺', 'Sincere help with problems 诚心解决问题', 'Right first time 第一次就做好',
        'Service at the time promised 准时提供服务', 'Accurate records 记录准确', 'Tells when service is done 告知服务时间',
        'Prompt service 及时服务', 'Willing to help 乐于帮助', 'Never too busy 随时响应', 'Staff inspire trust 值得信赖',
        'Safe dealings 交易安心', 'Polite staff 员工礼貌', 'Knowledgeable staff 员工专业', 'Individual attention 个别关注',
        'Convenient hours 营业时间方便', 'Personal attention 贴心服务', 'Best interests at heart 为顾客着想',
        'Understands needs 了解需求'][n],
    null, 1, 7, null, 'points', null, false
from range(1, 23) as t (n)
union all
select 'servqual', dimension, dimension, null, 'Importance of ' || dimension || ' 重要性', null, 0, 100, null, 'points', null, false
from (values ('tangibles'), ('reliability'), ('responsiveness'), ('assurance'), ('empathy')) as t (dimension);
