-- What a company calls its codes in further languages (reference table names): a row per name of a code that there is not.
with named as (
    select reference_table, code, language from {{ ref('names') }}
),

codes as (
    select taxonomy, code from {{ ref('rpt_codes') }}
)

select
    named.reference_table,
    named.code,
    named.language
from named
left join codes on named.reference_table = codes.taxonomy and named.code = codes.code
where codes.code is null
