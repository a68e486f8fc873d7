select
    case when source_system is null then standard_id else {{ name_of_source('source_system', 'standard_id') }} end as standard_id,
    label,
    source,
    service_type,
    limit_value,
    limit_unit,
    mean_target,
    on_time_target,
    valid_from,
    valid_to
from {{ ref('service_standards') }}
