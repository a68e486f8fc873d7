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

names as (
    select source_system, sent_id, standard_id from {{ ref('int_service__standard_names') }}
),

promises as (
    select
        promises.promise_id,
        promises.standard_id as sent_id,
        names.standard_id,
        promises.unit
    from {{ ref('stg_crm__promises') }} as promises
    left join names on promises.source_system = names.source_system and promises.standard_id = names.sent_id
    where promises.standard_id is not null
),

counts as (
    select
        counts.standard_id as sent_id,
        names.standard_id
    from {{ ref('stg_crm__standard_counts') }} as counts
    left join names on counts.source_system = names.source_system and counts.standard_id = names.sent_id
),

beyond_scale as (
    select form
    from {{ ref('fct_survey_answer') }}
    where is_beyond_scale
),

inspections as (
    select standard_id
    from {{ ref('inspections') }}
    where servqual_dimension is null
),

definitions as (
    select metric_id from {{ ref('metric_definitions') }}
),

actions as (
    select metric_id
    from {{ ref('stg_crm__improvement_actions') }}
    where metric_id is not null
),

-- that no schedule is stated at all is told as such
stated as (
    select count(*) as schedules from schedules
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
)

select
    warning,
    subject,
    {{ int_sum('cases') }} as cases,
    case warning
        when 'unknown_schedule' then 'Schedule not in the table schedules: business minutes and working days of these rows are empty'
        when 'unknown_standard' then 'Standard not in the table service_standards: these rows are in no figure'
        when 'promise_in_another_unit' then 'Promise in another unit than its standard: it is not shown beside it'
        when 'inspection_without_dimension' then 'Inspection item not in the table inspection_standards: it counts in no SERVQUAL dimension'
        when 'unknown_metric' then 'Improvement action for a figure that does not exist: its effect cannot be told'
        when 'score_beyond_scale' then 'Score beyond the scale of its item: no answer; state the scale in survey_items or survey_instruments'
    end as message_en,
    case warning
        when 'unknown_schedule' then '营业时间表不在 schedules 中：相关行的营业分钟与工作日为空'
        when 'unknown_standard' then '服务标准不在 service_standards 中：相关行未计入任何指标'
        when 'promise_in_another_unit' then '承诺的单位与其标准不同：未与标准并列显示'
        when 'inspection_without_dimension' then '检查项不在 inspection_standards 中：未计入任何 SERVQUAL 维度'
        when 'unknown_metric' then '改进措施所指的指标不存在：无法说明其效果'
        when 'score_beyond_scale' then '得分超出题目量表：不计为回答；请在 survey_items 或 survey_instruments 中说明量表'
    end as message_zh
from found
group by warning, subject
