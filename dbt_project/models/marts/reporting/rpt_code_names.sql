with codes as (
    select taxonomy, dimension, code
    from {{ ref('rpt_codes') }}
),

names as (
    select reference_table, code, language, name
    from {{ ref('names') }}
)

select
    codes.taxonomy,
    codes.dimension,
    codes.code,
    names.language,
    names.name
from names
inner join codes on names.reference_table = codes.taxonomy and names.code = codes.code
