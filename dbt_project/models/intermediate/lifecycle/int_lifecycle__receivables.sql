{{ config(materialized='view') }}
with orders as (
    select order_id, source_system, customer_id, is_purchase, payment_due_at, net_amount from {{ ref('fct_order') }}
),

payments as (
    select order_id, source_system, paid_at, amount from {{ ref('stg_crm__payments') }}
),

currencies as (
    select order_id, currency from {{ ref('int_customer__orders') }}
),

payment_sources as (
    select distinct source_system from payments
),

paid_orders as (
    select order_id, max(paid_at) as last_paid_at, sum(amount) as paid_amount
    from payments
    where paid_at < {{ as_of() }}
    group by order_id
)

-- only where the source tells when they are due and what was paid
select
    orders.customer_id,
    max(paid_orders.last_paid_at) as last_paid_at,
    max({{ still_owed('orders.net_amount', 'paid_orders.paid_amount', 'currencies.currency') }}) > 0 as has_open_receivable
from orders
inner join payment_sources on orders.source_system = payment_sources.source_system
left join paid_orders on orders.order_id = paid_orders.order_id
left join currencies on orders.order_id = currencies.order_id
where orders.is_purchase and orders.payment_due_at is not null and orders.net_amount is not null
group by orders.customer_id
