-- depends_on: {{ ref('fct_customer_month') }}
-- depends_on: {{ ref('grade_migration') }}
-- depends_on: {{ ref('rfm_shift') }}
with changes as (
    select fact, month, fingerprint from {{ ref('int_core__month_changes') }}
)

select
    fact,
    month,
    fingerprint
from changes
where fingerprint is not null
