with surveys as (
    select
        survey_id, source_system, instrument, respondent_type, customer_id, about_type, about_id, channel, sent_at, responded_at
    from {{ ref('stg_crm__surveys') }}
),

answers as (
    select distinct survey_id
    from {{ ref('stg_crm__survey_answers') }}
),

-- two sources that use one name ask with two forms
instruments as (
    select
        instrument,
        count(distinct source_system) as sources
    from surveys
    group by instrument
),

-- what a survey may be about, with the store that served
subjects as (
    select 'order' as about_type, order_id as about_id, store_id from {{ ref('stg_crm__orders') }}
    union all
    select 'delivery' as about_type, order_id as about_id, store_id from {{ ref('stg_crm__orders') }}
    union all
    select 'ticket' as about_type, ticket_id as about_id, store_id from {{ ref('stg_crm__tickets') }}
    union all
    select 'service_order' as about_type, service_order_id as about_id, store_id from {{ ref('stg_crm__service_orders') }}
    union all
    select 'agent' as about_type, agent_id as about_id, store_id from {{ ref('stg_crm__agents') }}
    union all
    select 'store' as about_type, store_id as about_id, store_id from {{ ref('stg_crm__stores') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to
    from {{ ref('int_core__store_versions') }}
),

customer_versions as (
    select customer_id, store_id, region, valid_from, valid_to
    from {{ ref('int_core__customer_versions') }}
),

run as (
    select as_of
    from {{ source('control', 'run') }}
),

-- an answer after as_of has not been given yet; a source that keeps answers without their time answers when asked
answered as (
    select
        surveys.survey_id,
        surveys.source_system,
        surveys.instrument,
        coalesce(surveys.respondent_type, 'customer') as respondent_type,
        surveys.customer_id,
        surveys.about_type,
        surveys.about_id,
        surveys.channel,
        coalesce(surveys.sent_at, surveys.responded_at) as sent_at,
        case
            when surveys.responded_at < run.as_of then surveys.responded_at
            when surveys.responded_at is null and answers.survey_id is not null then surveys.sent_at
        end as responded_at
    from surveys
    cross join run
    left join answers on surveys.survey_id = answers.survey_id
    where coalesce(surveys.sent_at, surveys.responded_at) < run.as_of
),

placed as (
    select
        answered.survey_id,
        answered.source_system,
        answered.instrument,
        answered.respondent_type,
        answered.customer_id,
        answered.about_type,
        answered.about_id,
        answered.channel,
        answered.sent_at,
        answered.responded_at,
        coalesce(answered.responded_at, answered.sent_at) as happened_at,
        coalesce(subjects.store_id, customer_versions.store_id) as store_id,
        customer_versions.region as customer_region
    from answered
    left join subjects
        on answered.about_type = subjects.about_type and answered.about_id = subjects.about_id
    left join customer_versions
        on
            answered.customer_id = customer_versions.customer_id
            and coalesce(answered.responded_at, answered.sent_at) >= customer_versions.valid_from
            and coalesce(answered.responded_at, answered.sent_at) < customer_versions.valid_to
)

select
    placed.survey_id,
    placed.source_system,
    placed.instrument,
    case
        when instruments.sources > 1 then {{ name_of_source('placed.source_system', 'placed.instrument') }} else placed.instrument
    end as form,
    placed.respondent_type,
    placed.customer_id,
    placed.about_type as touch_point,
    placed.about_id,
    placed.channel,
    placed.store_id,
    coalesce(store_versions.region, placed.customer_region) as region,
    placed.sent_at,
    {{ local_month('placed.sent_at') }} as sent_month,
    placed.responded_at,
    {{ local_month('placed.responded_at') }} as response_month,
    placed.responded_at is not null as is_response
from placed
inner join instruments on placed.instrument = instruments.instrument
left join store_versions
    on
        placed.store_id = store_versions.store_id
        and placed.happened_at >= store_versions.valid_from
        and placed.happened_at < store_versions.valid_to
