with months as (
    select month from {{ ref('int_core__report_months') }}
),

records as (
    select person_id, credit_limit
    from {{ ref('int_customer__record_details') }}
    where credit_limit is not null
),

-- two records of a person repeat one limit rather than grant two
limits as (
    select
        person_id as customer_id,
        max(credit_limit) as credit_limit
    from records
    group by person_id
),

open_orders as (
    select month, customer_id, overdue_days, open_amount from {{ ref('int_customer__open_orders') }}
),

paying_sources as (
    select source_system from {{ ref('int_customer__paying_sources') }}
),

customer_months as (
    select month, customer_id, source_system, type, store_id, region, grade from {{ ref('fct_customer_month') }}
),

receivables as (
    select
        month,
        customer_id,
        sum(open_amount) as open_amount,
        sum(case when overdue_days is not null then open_amount end) as overdue_amount,
        count(*) as open_orders,
        max(overdue_days) as overdue_days
    from open_orders
    group by month, customer_id
),

customers as (
    select
        customer_months.month,
        customer_months.customer_id,
        customer_months.source_system,
        customer_months.type,
        customer_months.store_id,
        customer_months.region,
        customer_months.grade,
        limits.credit_limit,
        receivables.open_orders,
        receivables.overdue_days,
        case when paying_sources.source_system is not null then coalesce(receivables.open_amount, 0) end as open_amount,
        case when paying_sources.source_system is not null then coalesce(receivables.overdue_amount, 0) end as overdue_amount
    from customer_months
    inner join months on customer_months.month = months.month
    left join limits on customer_months.customer_id = limits.customer_id
    left join receivables on customer_months.customer_id = receivables.customer_id and customer_months.month = receivables.month
    left join paying_sources on customer_months.source_system = paying_sources.source_system
    where limits.customer_id is not null or receivables.customer_id is not null
)

select
    month,
    customer_id,
    source_system,
    type,
    store_id,
    region,
    grade,
    {{ measure('credit_limit') }} as credit_limit,
    {{ measure('open_amount') }} as open_amount,
    case when open_amount is not null then coalesce(open_orders, 0) end as open_orders,
    {{ measure(divide('open_amount', 'credit_limit')) }} as utilisation,
    {{ measure('overdue_amount') }} as overdue_amount,
    overdue_days,
    open_amount > credit_limit as is_limit_exceeded
from customers
