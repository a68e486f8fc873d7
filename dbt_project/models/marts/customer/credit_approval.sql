with applications as (
    select application_id, source_system, customer_id, applied_at, decided_at, is_granted, amount
    from {{ ref('int_customer__credit_applications') }}
),

customer_versions as (
    select customer_id, store_id, region, valid_from, valid_to from {{ ref('int_core__customer_versions') }}
)

select
    applications.application_id,
    applications.source_system,
    applications.customer_id,
    customer_versions.store_id,
    customer_versions.region,
    applications.applied_at,
    {{ local_month('applications.applied_at') }} as applied_month,
    applications.decided_at,
    {{ local_month('applications.decided_at') }} as decided_month,
    applications.is_granted,
    {{ measure('applications.amount') }} as amount,
    {{ measure(divide(seconds_between('applications.applied_at', 'applications.decided_at'), 86400)) }} as days_to_decide
from applications
left join customer_versions
    on applications.customer_id = customer_versions.customer_id
    and coalesce(applications.decided_at, applications.applied_at) >= customer_versions.valid_from
    and coalesce(applications.decided_at, applications.applied_at) < customer_versions.valid_to
