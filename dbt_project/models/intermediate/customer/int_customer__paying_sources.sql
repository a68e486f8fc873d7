{{ config(materialized='view') }}
select distinct source_system
from {{ source('control', 'loads') }}
where entity = 'payments' and status = 'loaded' and rows_loaded > 0
