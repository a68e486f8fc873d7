{{ config(materialized='view') }}
with run as (
    select as_of from {{ source('control', 'run') }}
),

starts as (
    select
        order_id,
        line_no,
        product_id,
        start_month,
        end_month,
        end_date
    from {{ ref('int_service__warranty_starts') }}
),

returns as (
    select
        order_id,
        line_no,
        returned_at,
        quantity,
        kind,
        under_warranty
    from {{ ref('stg_crm__returns') }}
)

select
    starts.product_id,
    starts.start_month,
    starts.end_month,
    {{ local_month('returns.returned_at') }} as month,
    returns.kind,
    coalesce(returns.under_warranty, {{ local_date('returns.returned_at') }} <= starts.end_date) as is_under_warranty,
    returns.quantity
from returns
inner join run on returns.returned_at < run.as_of
-- what came back before it was handed over cannot be known from a mistake: it is in the warnings, and in no claim
inner join starts
    on
        returns.order_id = starts.order_id
        and returns.line_no = starts.line_no
        and {{ local_month('returns.returned_at') }} >= starts.start_month
