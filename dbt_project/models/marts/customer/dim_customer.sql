with customers as (
    select * from {{ ref('int_core__customers_ever') }}
),

versions as (
    select * from {{ ref('int_core__customer_versions') }}
),

contacts as (
    select * from {{ ref('int_customer__first_contact') }}
),

loads as (
    select source_system, entity, load_date, load_mode
    from {{ source('control', 'loads') }}
    where status = 'loaded'
),

run as (
    select as_of from {{ source('control', 'run') }}
),

order_sources as (
    select distinct source_system
    from loads
    where entity = 'orders'
),

deletions as (
    select
        customers.customer_id,
        {{ to_utc('min(loads.load_date)') }} as deleted_at
    from customers
    inner join loads
        on customers.source_system = loads.source_system
        and loads.entity = 'customers'
        and loads.load_mode = 'snapshot'
        and loads.load_date > customers.load_date
    group by customers.customer_id
),

-- a closure or deletion after as_of has not happened yet
dated as (
    select
        customers.*,
        run.as_of,
        versions.store_id as store_id_then,
        versions.region as region_then,
        versions.status as status_then,
        contacts.first_order_at,
        order_sources.source_system is not null as has_orders_supplied,
        deletions.deleted_at,
        least(
            coalesce(customers.first_known_at, contacts.first_contact_at, customers.acquired_at, {{ to_utc('customers.load_date') }}),
            coalesce(contacts.first_order_at, {{ end_of_time() }})
        ) as known_since_at,
        nullif(least(
            case when customers.closed_at < run.as_of then customers.closed_at else {{ end_of_time() }} end,
            case when deletions.deleted_at < run.as_of then deletions.deleted_at else {{ end_of_time() }} end
        ), {{ end_of_time() }}) as closed_by_then_at
    from customers
    cross join run
    left join versions
        on customers.customer_id = versions.customer_id
        and run.as_of >= versions.valid_from
        and run.as_of < versions.valid_to
    left join contacts on customers.customer_id = contacts.customer_id
    left join deletions on customers.customer_id = deletions.customer_id
    left join order_sources on customers.source_system = order_sources.source_system
)

select
    customer_id,
    source_system,
    coalesce(type, 'unknown') as type,
    industry,
    country,
    region_then as region,
    store_id_then as store_id,
    account_manager_id,
    language,
    acquisition_channel,
    {{ measure('acquisition_cost') }} as acquisition_cost,
    referred_by,
    marketing_consent,
    known_since_at as first_known_at,
    {{ local_month('known_since_at') }} as first_known_month,
    first_order_at,
    coalesce(acquired_at, first_order_at) as acquired_at,
    {{ local_month('coalesce(acquired_at, first_order_at)') }} as acquired_month,
    status_then is not null and not has_orders_supplied as is_contract,
    has_orders_supplied,
    case
        when closed_by_then_at is not null or (status_then = 'closed' and closed_at is null) then 'closed'
        else 'active'
    end as status,
    closed_by_then_at as closed_at,
    case when closed_by_then_at is not null or (status_then = 'closed' and closed_at is null) then closure_reason end as closure_reason,
    coalesce(deleted_at < as_of, false) as is_deleted
from dated
where known_since_at < as_of
