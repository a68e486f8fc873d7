{{ config(materialized='view') }}
select
    ticket_id,
    metric,
    is_met,
    {{ measure('minutes') }} as source_minutes
from {{ ref('stg_crm__ticket_outcomes') }}
where is_met is not null
