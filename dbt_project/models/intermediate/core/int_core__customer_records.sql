with customers as (
    select customer_id, source_system, closed_at, load_date from {{ ref('int_core__customers_ever') }}
),

persons as (
    select customer_id, person_id from {{ ref('int_core__persons') }}
),

versions as (
    select customer_id, store_id, region, status, valid_from, valid_to from {{ ref('int_core__record_versions') }}
),

loads as (
    select source_system, load_date
    from {{ source('control', 'loads') }}
    where status = 'loaded' and entity = 'customers' and load_mode = 'snapshot'
),

run as (
    select as_of from {{ source('control', 'run') }}
),

deletions as (
    select
        customers.customer_id,
        {{ to_utc('min(loads.load_date)') }} as deleted_at
    from customers
    inner join loads
        on customers.source_system = loads.source_system
        and loads.load_date > customers.load_date
    group by customers.customer_id
),

-- a closure or deletion after as_of has not happened yet
closures as (
    select
        customers.customer_id,
        persons.person_id,
        customers.source_system,
        nullif(
            least(
                case when customers.closed_at < run.as_of then customers.closed_at else {{ end_of_time() }} end,
                case when deletions.deleted_at < run.as_of then deletions.deleted_at else {{ end_of_time() }} end
            ),
            {{ end_of_time() }}
        ) as closed_at,
        customers.closed_at is null and coalesce(versions.status = 'closed', false) as is_closed_some_time,
        coalesce(deletions.deleted_at < run.as_of, false) as is_deleted,
        versions.store_id,
        versions.region,
        versions.status
    from customers
    cross join run
    inner join persons on customers.customer_id = persons.customer_id
    left join deletions on customers.customer_id = deletions.customer_id
    left join versions
        on customers.customer_id = versions.customer_id
        and run.as_of > versions.valid_from
        and run.as_of <= versions.valid_to
),

closed as (
    select
        customer_id,
        person_id,
        source_system,
        store_id,
        region,
        status,
        closed_at,
        closed_at is not null or is_closed_some_time as is_closed,
        is_deleted
    from closures
)

select
    customer_id,
    person_id,
    source_system,
    store_id,
    region,
    status,
    closed_at,
    is_closed,
    is_deleted,
    row_number() over (partition by person_id order by is_closed, is_deleted, customer_id) as record_no,
    row_number() over (
        partition by person_id
        order by case when closed_at is null then 1 else 0 end, closed_at desc, customer_id
    ) as closing_no
from closed
