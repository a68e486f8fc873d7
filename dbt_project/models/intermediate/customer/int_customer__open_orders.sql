{{ config(materialized='view') }}
with months as (
    select month, month_end_at, month_end_date from {{ ref('int_core__report_months') }}
),

currencies as (
    select order_id, currency from {{ ref('int_customer__orders') }}
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
    select source_system from {{ ref('int_customer__paying_sources') }}
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
        orders.order_id,
        orders.customer_id,
        case
            when orders.payment_due_at < months.month_end_at
                then {{ days_between(local_date('orders.payment_due_at'), 'months.month_end_date') }}
        end as overdue_days,
        {{ still_owed(
            '(orders.sold_amount - coalesce(refunded.refund_amount, 0))', 'paid.paid_amount', 'currencies.currency'
        ) }} as open_amount
    from orders
    inner join paying_sources on orders.source_system = paying_sources.source_system
    inner join months on orders.ordered_at < months.month_end_at
    left join paid on orders.order_id = paid.order_id and months.month = paid.month
    left join refunded on orders.order_id = refunded.order_id and months.month = refunded.month
    left join currencies on orders.order_id = currencies.order_id
)

select
    month,
    order_id,
    customer_id,
    overdue_days,
    open_amount
from balances
where open_amount > 0
