select
    entity,
    source_system as source,
    load_date,
    rows_read,
    rows_loaded,
    rows_filtered,
    rows_duplicate,
    rows_quarantined,
    rows_nulled,
    rows_refused,
    rows_earlier_rate,
    rows_without_rate,
    is_stale
from {{ source('control', 'loads') }}
