select
    entity, source as source_system, max(load_date) as last_load_date,
    sum(rows_read)::bigint as rows_read, sum(rows_loaded)::bigint as rows_loaded,
    sum(rows_filtered)::bigint as rows_filtered, sum(rows_duplicate)::bigint as rows_duplicate,
    sum(rows_quarantined)::bigint as rows_quarantined, sum(rows_nulled)::bigint as rows_nulled,
    sum(rows_refused)::bigint as rows_refused,
    arg_max(is_stale, load_date) as is_stale
from reporting.rpt_loads
where load_date <= $known_at
group by entity, source
order by entity, source
