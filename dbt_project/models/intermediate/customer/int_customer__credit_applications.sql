{{ config(materialized='view') }}
with applications as (
    select application_id, source_system, customer_id, applied_at, decided_at, granted, amount
    from {{ ref('stg_crm__credit_applications') }}
),

run as (
    select as_of from {{ source('control', 'run') }}
)

-- a decision after as_of has not been taken yet
select
    applications.application_id,
    applications.source_system,
    applications.customer_id,
    applications.applied_at,
    case when applications.decided_at < run.as_of then applications.decided_at end as decided_at,
    case when applications.decided_at < run.as_of then applications.granted end as is_granted,
    applications.amount
from applications
inner join run on applications.applied_at < run.as_of
