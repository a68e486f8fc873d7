with schedules as (
    select distinct schedule_id from {{ ref('schedules') }}
),

store_versions as (
    select
        store_id,
        coalesce(schedule_id, '{{ var("default_schedule_id") }}') as schedule_id
    from {{ ref('int_core__store_versions') }}
),

tickets as (
    select schedule_id from {{ ref('int_service__tickets') }}
),

service_orders as (
    select schedule_id from {{ ref('fct_service_order') }}
),

standards as (
    select
        standard_id,
        max(limit_unit) as limit_unit
    from {{ ref('int_service__standards') }}
    group by standard_id
),

promises as (
    select promise_id, sent_id, standard_id, unit
    from {{ ref('int_service__promises') }}
    where sent_id is not null
),

counts as (
    select sent_id, standard_id from {{ ref('int_service__standard_counts') }}
),

beyond_scale as (
    select form
    from {{ ref('fct_survey_answer') }}
    where is_beyond_scale
),

inspections as (
    select standard_id
    from {{ ref('inspection_items') }}
    where servqual_dimension is null
),

definitions as (
    select metric_id from {{ ref('rpt_metric_definitions') }}
),

actions as (
    select metric_id
    from {{ ref('int_service__improvement_actions') }}
    where metric_id is not null
),

-- that no schedule is stated at all is told as such
stated as (
    select count(*) as schedules from schedules
),

-- a snapshot is followed by the next one: only the newest tells of what there is
loads as (
    select
        entity,
        rows_earlier_rate,
        rows_without_rate,
        load_mode = 'snapshot' as is_snapshot,
        row_number() over (partition by entity, source_system order by load_date desc) as load_no
    from {{ source('control', 'loads') }}
    where status = 'loaded'
),

converted as (
    select
        entity,
        coalesce(rows_earlier_rate, 0) as rows_earlier_rate,
        coalesce(rows_without_rate, 0) as rows_without_rate
    from loads
    where not is_snapshot or load_no = 1
),

refunds as (
    select source_system
    from {{ ref('int_customer__refunds') }}
    where refund_amount is null
),

payments as (
    select source_system, payments from {{ ref('int_customer__unplaced_payments') }}
),

reversals as (
    select source_system
    from {{ ref('fct_points_entry') }}
    where is_unresolved_reversal
),

member_tiers as (
    select month, source_tier
    from {{ ref('tiers') }}
    where source_tier is not null and source_tier_rank is null
),

estimates as (
    select metric_id
    from {{ ref('int_reporting__estimates') }}
    where is_beyond_range
),

identity_keys as (
    select source_system, key_type
    from {{ ref('int_customer__identity_keys') }}
    where is_destroyed
),

campaign_contacts as (
    select campaign_id
    from {{ ref('fct_campaign_contact') }}
    where is_control is null
),

customer_months as (
    select month, type
    from {{ ref('fct_customer_month') }}
    where is_active is null
),

last_month as (
    select max(month) as month from {{ ref('int_core__months') }}
),

contradictions as (
    select contradiction, entity, cases from {{ ref('int_core__contradictions') }}
),

not_kept as (
    select entity, from_month, to_month, rows_count from {{ ref('int_core__rows_not_kept') }}
),

scheduled as (
    select schedule_id from store_versions
    union all
    select schedule_id from tickets
    union all
    select schedule_id from service_orders
),

found as (
    select
        'unknown_schedule' as warning,
        scheduled.schedule_id as subject,
        count(*) as cases
    from scheduled
    left join schedules on scheduled.schedule_id = schedules.schedule_id
    cross join stated
    where schedules.schedule_id is null and stated.schedules > 0
    group by scheduled.schedule_id
    union all
    select
        'unknown_standard' as warning,
        sent_id as subject,
        count(*) as cases
    from counts
    where standard_id is null
    group by sent_id
    union all
    select
        'unknown_standard' as warning,
        sent_id as subject,
        count(*) as cases
    from promises
    where standard_id is null
    group by sent_id
    union all
    select
        'promise_in_another_unit' as warning,
        promises.promise_id as subject,
        count(*) as cases
    from promises
    inner join standards on promises.standard_id = standards.standard_id and promises.unit <> standards.limit_unit
    group by promises.promise_id
    union all
    select
        'inspection_without_dimension' as warning,
        standard_id as subject,
        count(*) as cases
    from inspections
    group by standard_id
    union all
    select
        'unknown_metric' as warning,
        actions.metric_id as subject,
        count(*) as cases
    from actions
    left join definitions on actions.metric_id = definitions.metric_id
    where definitions.metric_id is null
    group by actions.metric_id
    union all
    select
        'score_beyond_scale' as warning,
        form as subject,
        count(*) as cases
    from beyond_scale
    group by form
    union all
    select
        'rate_of_an_earlier_day' as warning,
        entity as subject,
        sum(rows_earlier_rate) as cases
    from converted
    group by entity
    having sum(rows_earlier_rate) > 0
    union all
    select
        'rate_missing' as warning,
        entity as subject,
        sum(rows_without_rate) as cases
    from converted
    group by entity
    having sum(rows_without_rate) > 0
    union all
    select
        'refund_of_unknown_amount' as warning,
        source_system as subject,
        count(*) as cases
    from refunds
    group by source_system
    union all
    select
        'payment_without_order' as warning,
        source_system as subject,
        payments as cases
    from payments
    union all
    select
        'reversal_of_nothing' as warning,
        source_system as subject,
        count(*) as cases
    from reversals
    group by source_system
    union all
    select
        'tier_without_place' as warning,
        member_tiers.source_tier as subject,
        count(*) as cases
    from member_tiers
    inner join last_month on member_tiers.month = last_month.month
    group by member_tiers.source_tier
    union all
    select
        'figure_beyond_its_range' as warning,
        metric_id as subject,
        count(*) as cases
    from estimates
    group by metric_id
    union all
    select
        'key_destroyed' as warning,
        concat(source_system, ' ', key_type) as subject,
        count(*) as cases
    from identity_keys
    group by source_system, key_type
    union all
    select
        'person_in_both_groups' as warning,
        campaign_id as subject,
        count(*) as cases
    from campaign_contacts
    group by campaign_id
    union all
    select
        'silence_not_known_yet' as warning,
        customer_months.type as subject,
        count(*) as cases
    from customer_months
    inner join last_month on customer_months.month = last_month.month
    group by customer_months.type
    union all
    select
        contradiction as warning,
        entity as subject,
        cases
    from contradictions
    union all
    select
        'months_not_kept' as warning,
        entity as subject,
        rows_count as cases
    from not_kept
)

select
    found.warning,
    found.subject,
    {{ int_sum('found.cases') }} as cases,
    case found.warning
        when 'unknown_schedule' then 'Schedule not in the table schedules: business minutes and working days of these rows are empty'
        when 'unknown_standard' then 'Standard not in the table service_standards: these rows are in no figure'
        when 'promise_in_another_unit' then 'Promise in another unit than its standard: it is not shown beside it'
        when 'inspection_without_dimension' then 'Inspection item not in the table inspection_standards: it counts in no SERVQUAL dimension'
        when 'unknown_metric' then 'Improvement action for a figure that does not exist: its effect cannot be told'
        when 'score_beyond_scale' then 'Score beyond the scale of its item: no answer; state the scale in survey_items or survey_instruments'
        when 'rate_of_an_earlier_day' then 'No rate of exchange of the day: money was converted by that of a day before it'
        when 'rate_missing' then 'No rate of exchange that is young enough: these rows wait aside for one'
        when 'refund_of_unknown_amount' then 'Refund without amount whose worth the lines of its order do not tell: the order is in no amount of money'
        when 'payment_without_order' then 'Payment that names no order: it settles none, so that more may look open than is'
        when 'reversal_of_nothing' then 'Reversal of points that names no entry of the member, or one already undone: it counts 0'
        when 'tier_without_place' then 'Tier not in the table tier_rules: who rose to it or fell from it cannot be told'
        when 'figure_beyond_its_range' then 'Figures that cannot be, as a time below 0: absent. Look at the dates and amounts they are made of'
        when 'key_destroyed'
            then 'Number as a spreadsheet leaves it (1.2E+17, or zeros after 15 digits): it joins no records of one person. Export the column as text'
        when 'person_in_both_groups'
            then 'Persons whose records stand in both the test and the control group of a campaign: they are in neither comparison'
        when 'silence_not_known_yet'
            then 'The history is too short to tell how long a silence is long: whether these customers are active, at risk or lost is not known yet'
        when 'return_before_order' then 'Returns dated before their order: they count as refunds, and in no claim under warranty'
        when 'more_returned_than_bought' then 'Order lines of which more came back than was bought'
        when 'event_before_ticket' then 'Events dated before their ticket was made: mend it at the source; no time below 0 is counted'
        when 'months_not_kept'
            then concat(
                'Rows of ', min({{ month_text('not_kept.from_month') }}), ' to ', max({{ month_text('not_kept.to_month') }}),
                ', months before the {{ var("history_months") }} that are kept (history_months): they count in look-backs and balances, but these months have no figures'
            )
    end as message_en,
    case found.warning
        when 'unknown_schedule' then '营业时间表不在 schedules 中：相关行的营业分钟与工作日为空'
        when 'unknown_standard' then '服务标准不在 service_standards 中：相关行未计入任何指标'
        when 'promise_in_another_unit' then '承诺的单位与其标准不同：未与标准并列显示'
        when 'inspection_without_dimension' then '检查项不在 inspection_standards 中：未计入任何 SERVQUAL 维度'
        when 'unknown_metric' then '改进措施所指的指标不存在：无法说明其效果'
        when 'score_beyond_scale' then '得分超出题目量表：不计为回答；请在 survey_items 或 survey_instruments 中说明量表'
        when 'rate_of_an_earlier_day' then '当日无汇率：已按此前最近一日的汇率折算'
        when 'rate_missing' then '没有足够新的汇率：这些行暂存待汇率送达'
        when 'refund_of_unknown_amount' then '退款未注明金额，订单明细也无法推算：该订单不计入任何金额'
        when 'payment_without_order' then '付款未指明订单：未冲抵任何应收，应收可能偏高'
        when 'reversal_of_nothing' then '积分冲正所指分录不存在、不属于该会员或已被冲正：按0计'
        when 'tier_without_place' then '等级不在 tier_rules 中：无法判断升级或降级'
        when 'figure_beyond_its_range' then '不可能出现的数值（如负的时长）：不予列示，请检查其所依据的日期与金额'
        when 'key_destroyed' then '疑似被电子表格损坏的号码（如1.2E+17，或15位之后全为0）：不据此合并同一人的记录，请以文本格式导出该列'
        when 'person_in_both_groups' then '同一人的多条记录分属活动的测试组与对照组：不计入任何一方的比较'
        when 'silence_not_known_yet' then '历史太短，尚无法判断多久未购买算久：这些客户是否活跃、有风险或已流失尚不可知'
        when 'return_before_order' then '退货日期早于订单：仍计入退款，不计入三包'
        when 'more_returned_than_bought' then '退货数量多于购买数量的订单行'
        when 'event_before_ticket' then '早于工单创建的事件：请在来源系统更正；不计负时长'
        when 'months_not_kept'
            then concat(
                min({{ month_text('not_kept.from_month') }}), '至', max({{ month_text('not_kept.to_month') }}),
                '的数据早于所保留的{{ var("history_months") }}个月（history_months）：计入回溯与余额，但这些月份没有指标'
            )
    end as message_zh
from found
left join not_kept on found.warning = 'months_not_kept' and found.subject = not_kept.entity
group by found.warning, found.subject
