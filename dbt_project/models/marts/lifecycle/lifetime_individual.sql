with customers as (
    select customer_id, source_system, first_known_at, closed_at from {{ ref('dim_customer') }}
),

tickets as (
    select customer_id, status, solved_at, is_deleted, is_merged from {{ ref('fct_ticket') }}
),

receivables as (
    select customer_id, last_paid_at, has_open_receivable from {{ ref('int_lifecycle__receivables') }}
),

versions as (
    select customer_id, store_id, region, valid_from, valid_to from {{ ref('int_core__customer_versions') }}
),

store_versions as (
    select store_id, region, valid_from, valid_to from {{ ref('int_core__store_versions') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
),

ticket_ends as (
    select
        customer_id,
        max(solved_at) as last_resolved_at,
        max(case when not {{ is_done('status') }} then 1 else 0 end) = 1 as has_open_ticket
    from tickets
    where not is_deleted and not is_merged
    group by customer_id
),

matters as (
    select
        customers.customer_id,
        customers.source_system,
        customers.first_known_at,
        customers.closed_at,
        ticket_ends.last_resolved_at,
        receivables.last_paid_at,
        coalesce(ticket_ends.has_open_ticket, false) or coalesce(receivables.has_open_receivable, false) as has_open_matter
    from customers
    left join ticket_ends on customers.customer_id = ticket_ends.customer_id
    left join receivables on customers.customer_id = receivables.customer_id
),

ended as (
    select
        customer_id,
        source_system,
        first_known_at,
        closed_at,
        last_resolved_at,
        last_paid_at,
        has_open_matter,
        case
            when closed_at is not null and not has_open_matter
                then greatest(closed_at, coalesce(last_resolved_at, closed_at), coalesce(last_paid_at, closed_at))
        end as ended_at
    from matters
)

select
    ended.customer_id,
    ended.source_system,
    versions.store_id,
    coalesce(store_versions.region, versions.region) as region,
    ended.first_known_at,
    ended.closed_at,
    ended.last_resolved_at,
    ended.last_paid_at,
    ended.has_open_matter,
    ended.ended_at,
    {{ local_month('ended.ended_at') }} as ended_month,
    ended.ended_at is null as is_censored,
    {{ measure(minutes_between('ended.first_known_at', 'coalesce(ended.ended_at, run.as_of)') ~ ' / 1440') }} as lifetime_days
from ended
cross join run
left join versions
    on
        ended.customer_id = versions.customer_id
        and coalesce(ended.ended_at, run.as_of) > versions.valid_from
        and coalesce(ended.ended_at, run.as_of) <= versions.valid_to
left join store_versions
    on
        versions.store_id = store_versions.store_id
        and coalesce(ended.ended_at, run.as_of) > store_versions.valid_from
        and coalesce(ended.ended_at, run.as_of) <= store_versions.valid_to
