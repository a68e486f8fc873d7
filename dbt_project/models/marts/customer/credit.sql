with months as (
    select month, month_end_at, month_end_date from {{ ref('int_core__report_months') }}
),

records as (
    select customer_id, credit_limit
    from {{ ref('stg_crm__customers') }}
    where credit_limit is not null
),

persons as (
    select customer_id, person_id from {{ ref('int_core__persons') }}
),

-- two records of a person repeat one limit rather than grant two
limits as (
    select
        persons.person_id as customer_id,
        max(records.credit_limit) as credit_limit
    from records
    inner join persons on records.customer_id = persons.customer_id
    group by persons.person_id
),

currencies as (
    select order_id, currency from {{ ref('stg_crm__orders') }}
),

orders as (
    select order_id, source_system, customer_id, ordered_at, payment_due_at, sold_amount
    from {{ ref('fct_order') }}
    where is_purchase and is_amount_known
),

refunds as (
    select order_id, returned_at, refund_amount from {{ ref('int_customer__refunds') }}
),

payments as (
    select order_id, paid_at, amount from {{ ref('stg_crm__payments') }}
),

paying_sources as (
    select distinct source_system
    from {{ source('control', 'loads') }}
    where entity = 'payments' and status = 'loaded' and rows_loaded > 0
),

customer_months as (
    select month, customer_id, source_system, type, store_id, region, grade from {{ ref('fct_customer_month') }}
),

paid as (
    select
        months.month,
        payments.order_id,
        sum(payments.amount) as paid_amount
    from payments
    inner join months on payments.paid_at < months.month_end_at
    group by months.month, payments.order_id
),

refunded as (
    select
        months.month,
        refunds.order_id,
        sum(refunds.refund_amount) as refund_amount
    from refunds
    inner join months on refunds.returned_at < months.month_end_at
    group by months.month, refunds.order_id
),

balances as (
    select
        months.month,
        months.month_end_at,
        months.month_end_date,
        orders.customer_id,
        orders.payment_due_at,
        {{ still_owed(
            '(orders.sold_amount - coalesce(refunded.refund_amount, 0))', 'paid.paid_amount', 'currencies.currency'
        ) }} as open_amount
    from orders
    inner join paying_sources on orders.source_system = paying_sources.source_system
    inner join months on orders.ordered_at < months.month_end_at
    left join paid on orders.order_id = paid.order_id and months.month = paid.month
    left join refunded on orders.order_id = refunded.order_id and months.month = refunded.month
    left join currencies on orders.order_id = currencies.order_id
),

receivables as (
    select
        month,
        customer_id,
        sum(open_amount) as open_amount,
        sum(case when payment_due_at < month_end_at then open_amount end) as overdue_amount,
        count(*) as open_orders,
        max(case when payment_due_at < month_end_at then {{ days_between(local_date('payment_due_at'), 'month_end_date') }} end) as overdue_days
    from balances
    where open_amount > 0
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
