with customers as (
    select
        customer_id, source_system, type, industry, country, account_manager_id, language, acquisition_channel,
        acquisition_cost, referred_by, marketing_consent, first_known_at, acquired_at, closure_reason, load_date
    from {{ ref('int_core__customers_ever') }}
),

records as (
    select
        customer_id, person_id, source_system, store_id, region, status, closed_at, is_closed, is_deleted, record_no, closing_no
    from {{ ref('int_core__customer_records') }}
),

contacts as (
    select customer_id, first_contact_at, first_order_at
    from {{ ref('int_customer__first_contact') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
),

order_sources as (
    select source_system from {{ ref('int_core__order_sources') }}
),

persons as (
    select
        records.person_id,
        min(customers.first_known_at) as first_known_at,
        min(customers.acquired_at) as acquired_at,
        {{ to_utc('min(customers.load_date)') }} as loaded_at,
        sum(customers.acquisition_cost) as acquisition_cost,
        min({{ to_int('customers.marketing_consent') }}) = 1 as marketing_consent,
        min({{ to_int('records.is_closed') }}) = 1 as is_closed,
        min({{ to_int('records.is_deleted') }}) = 1 as is_deleted,
        max(records.closed_at) as last_closed_at,
        max(case when records.closing_no = 1 then customers.closure_reason end) as closure_reason,
        count(order_sources.source_system) > 0 as has_orders_supplied
    from records
    inner join customers on records.customer_id = customers.customer_id
    left join order_sources on records.source_system = order_sources.source_system
    group by records.person_id
),

-- what the record says that speaks for the person
spoken_for as (
    select
        records.person_id,
        customers.source_system,
        customers.type,
        customers.industry,
        customers.country,
        customers.account_manager_id,
        customers.language,
        customers.acquisition_channel,
        nullif(coalesce(referrers.person_id, customers.referred_by), records.person_id) as referred_by,
        records.store_id,
        records.region,
        records.status
    from records
    inner join customers on records.customer_id = customers.customer_id
    left join records as referrers on customers.referred_by = referrers.customer_id
    where records.record_no = 1
),

dated as (
    select
        persons.person_id,
        least(
            coalesce(persons.first_known_at, contacts.first_contact_at, persons.acquired_at, persons.loaded_at),
            coalesce(contacts.first_order_at, {{ end_of_time() }})
        ) as first_known_at,
        contacts.first_order_at,
        coalesce(persons.acquired_at, contacts.first_order_at) as acquired_at
    from persons
    left join contacts on persons.person_id = contacts.customer_id
)

select
    spoken_for.person_id as customer_id,
    spoken_for.source_system,
    coalesce(spoken_for.type, 'unknown') as type,
    spoken_for.industry,
    spoken_for.country,
    spoken_for.region,
    spoken_for.store_id,
    spoken_for.account_manager_id,
    spoken_for.language,
    spoken_for.acquisition_channel,
    {{ measure('persons.acquisition_cost') }} as acquisition_cost,
    spoken_for.referred_by,
    persons.marketing_consent,
    dated.first_known_at,
    {{ local_month('dated.first_known_at') }} as first_known_month,
    dated.first_order_at,
    dated.acquired_at,
    {{ local_month('dated.acquired_at') }} as acquired_month,
    spoken_for.status is not null and not persons.has_orders_supplied as is_contract,
    persons.has_orders_supplied,
    case when persons.is_closed then 'closed' else 'active' end as status,
    case when persons.is_closed then persons.last_closed_at end as closed_at,
    case when persons.is_closed then persons.closure_reason end as closure_reason,
    persons.is_deleted
from spoken_for
inner join persons on spoken_for.person_id = persons.person_id
inner join dated on spoken_for.person_id = dated.person_id
cross join run
where dated.first_known_at < run.as_of
