select
    month, scope_type, scope_id, instrument, item_id, attribute, n, importance, performance,
    importance_crosshair, performance_crosshair, quadrant, status
from {{ ref('ipa') }}
