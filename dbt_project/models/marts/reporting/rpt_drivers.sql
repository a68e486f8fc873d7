select
    month, instrument, place, item_id, attribute, n, correlation, r2_part, r2_share, r2,
    case when n < {{ var('min_n') }} then 'too_few' else 'ok' end as status
from {{ ref('drivers') }}
