{{ config(materialized='view') }}
select
    source_system,
    count(*) as payments
from {{ ref('stg_crm__payments') }}
where order_id is null
group by source_system
