with applications as (
    select application_id, source_system, customer_id, applied_at, decided_at, granted, amount
    from {{ ref('stg_crm__credit_applications') }}
),

customer_versions as (
    select customer_id, store_id, region, valid_from, valid_to from {{ ref('int_core__customer_versions') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
),

known as (
    select
        applications.application_id,
        applications.source_system,
        applications.customer_id,
        applications.applied_at,
        case when applications.decided_at < run.as_of then applications.decided_at end as decided_at,
        case when applications.decided_at < run.as_of then applications.granted end as is_granted,
        applications.amount
    from applications
    cross join run
    where applications.applied_at < run.as_of
)

select
    known.application_id,
    known.source_system,
    known.customer_id,
    customer_versions.store_id,
    customer_versions.region,
    known.applied_at,
    {{ local_month('known.applied_at') }} as applied_month,
    known.decided_at,
    {{ local_month('known.decided_at') }} as decided_month,
    known.is_granted,
    {{ measure('known.amount') }} as amount,
    {{ measure(divide(seconds_between('known.applied_at', 'known.decided_at'), 86400)) }} as days_to_decide
from known
left join customer_versions
    on known.customer_id = customer_versions.customer_id
    and coalesce(known.decided_at, known.applied_at) >= customer_versions.valid_from
    and coalesce(known.decided_at, known.applied_at) < customer_versions.valid_to
