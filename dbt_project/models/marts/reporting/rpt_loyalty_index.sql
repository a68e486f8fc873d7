select
    month,
    part,
    sort_order,
    n,
    value,
    floor_value,
    ceiling_value,
    scaled_value,
    parts_count,
    loyalty_index
from {{ ref('loyalty_index') }}
