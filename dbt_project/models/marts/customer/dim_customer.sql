with customers as (
    select
        customer_id, source_system, type, industry, country, account_manager_id, language, acquisition_channel,
        acquisition_cost, referred_by, marketing_consent, first_known_at, acquired_at, closed_at, closure_reason, load_date
    from {{ ref('int_core__customers_ever') }}
),

versions as (
    select customer_id, store_id, region, status, valid_from, valid_to
    from {{ ref('int_core__customer_versions') }}
),

contacts as (
    select customer_id, first_contact_at, first_order_at
    from {{ ref('int_customer__first_contact') }}
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
closures as (
    select
        customers.customer_id,
        nullif(
            least(
                case when customers.closed_at < run.as_of then customers.closed_at else {{ end_of_time() }} end,
                case when deletions.deleted_at < run.as_of then deletions.deleted_at else {{ end_of_time() }} end
            ),
            {{ end_of_time() }}
        ) as closed_at,
        coalesce(deletions.deleted_at < run.as_of, false) as is_deleted
    from customers
    cross join run
    left join deletions on customers.customer_id = deletions.customer_id
),

dated as (
    select
        customers.customer_id,
        least(
            coalesce(customers.first_known_at, contacts.first_contact_at, customers.acquired_at, {{ to_utc('customers.load_date') }}),
            coalesce(contacts.first_order_at, {{ end_of_time() }})
        ) as first_known_at,
        contacts.first_order_at,
        coalesce(customers.acquired_at, contacts.first_order_at) as acquired_at,
        closures.closed_at,
        closures.is_deleted,
        closures.closed_at is not null or (versions.status = 'closed' and customers.closed_at is null) as is_closed,
        versions.store_id,
        versions.region,
        versions.status is not null and order_sources.source_system is null as is_contract,
        order_sources.source_system is not null as has_orders_supplied
    from customers
    cross join run
    inner join closures on customers.customer_id = closures.customer_id
    left join versions
        on customers.customer_id = versions.customer_id
        and run.as_of > versions.valid_from
        and run.as_of <= versions.valid_to
    left join contacts on customers.customer_id = contacts.customer_id
    left join order_sources on customers.source_system = order_sources.source_system
)

select
    customers.customer_id,
    customers.source_system,
    coalesce(customers.type, 'unknown') as type,
    customers.industry,
    customers.country,
    dated.region,
    dated.store_id,
    customers.account_manager_id,
    customers.language,
    customers.acquisition_channel,
    {{ measure('customers.acquisition_cost') }} as acquisition_cost,
    customers.referred_by,
    customers.marketing_consent,
    dated.first_known_at,
    {{ local_month('dated.first_known_at') }} as first_known_month,
    dated.first_order_at,
    dated.acquired_at,
    {{ local_month('dated.acquired_at') }} as acquired_month,
    dated.is_contract,
    dated.has_orders_supplied,
    case when dated.is_closed then 'closed' else 'active' end as status,
    dated.closed_at,
    case when dated.is_closed then customers.closure_reason end as closure_reason,
    dated.is_deleted
from customers
inner join dated on customers.customer_id = dated.customer_id
cross join run
where dated.first_known_at < run.as_of
