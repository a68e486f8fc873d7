with names as (
    select taxonomy, dimension, code, map_from_entries(list((language, name) order by language)) as names
    from reporting.rpt_code_names
    group by taxonomy, dimension, code
)

select taxonomy, dimension, code, place, label, coalesce(names.names, map {}) as names
from reporting.rpt_codes
left join names using (taxonomy, dimension, code)
order by dimension, place, code
