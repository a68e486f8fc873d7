{{ config(alias='acquisition_vs_retention') }}
select
    month,
    cost_per_customer_won,
    cost_per_customer_kept,
    multiple,
    {{ measure(var('quoted_acquisition_multiple')) }} as quoted_multiple
from {{ ref('acquisition_vs_retention') }}
