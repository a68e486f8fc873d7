with messages as (
    select warning, message from {{ ref('warning_messages') }}
),

schedules as (
    select distinct schedule_id from {{ ref('schedules') }}
),

store_versions as (
    select
        store_id,
        {{ own_schedule('schedule_id') }} as schedule_id
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

-- that no schedule is stated at all is reported as such
stated as (
    select count(*) as schedules from schedules
),

-- a snapshot is followed by the next one: only the newest reports what there is
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
    messages.message,
    min({{ month_text('not_kept.from_month') }}) as first_month,
    max({{ month_text('not_kept.to_month') }}) as last_month,
    max(case when not_kept.entity is not null then {{ var('history_months') }} end) as months_kept
from found
left join messages on found.warning = messages.warning
left join not_kept on found.warning = 'months_not_kept' and found.subject = not_kept.entity
group by found.warning, found.subject, messages.message
