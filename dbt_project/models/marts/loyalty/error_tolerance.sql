with failures as (
    select failure_id, customer_id, store_id, region, kind, failed_at
    from {{ ref('int_service__failures') }}
    where is_first_of_incident
),

orders as (
    select customer_id, ordered_at
    from {{ ref('fct_order') }}
    where is_purchase and customer_id is not null
),

run as (
    select as_of_date from {{ source('control', 'run') }}
),

-- orders stand before the failure of the same moment
moments as (
    select customer_id, null as failure_id, ordered_at as moment_at, 0 as turn, ordered_at from orders
    union all
    select customer_id, failure_id, failed_at as moment_at, 1 as turn, null as ordered_at from failures
),

followed as (
    select
        failure_id,
        min(ordered_at) over (
            partition by customer_id order by moment_at, turn rows between 1 following and unbounded following
        ) as next_ordered_at
    from moments
),

judged as (
    select
        failures.failure_id,
        failures.customer_id,
        failures.store_id,
        failures.region,
        failures.kind,
        failures.failed_at,
        {{ add_days(local_date('failures.failed_at'), var('again_days')) }} as judged_date,
        followed.next_ordered_at
    from failures
    inner join followed on failures.failure_id = followed.failure_id
)

select
    judged.failure_id,
    judged.customer_id,
    judged.store_id,
    judged.region,
    judged.kind,
    judged.failed_at,
    {{ local_month('judged.failed_at') }} as failed_month,
    judged.judged_date,
    case when judged.judged_date <= run.as_of_date then {{ month_of('judged.judged_date') }} end as judged_month,
    case
        when judged.judged_date <= run.as_of_date
            then coalesce({{ local_date('judged.next_ordered_at') }} <= judged.judged_date, false)
    end as is_bought_again
from judged
cross join run
