with known as (
    {{ known_figures(['acquisition_vs_retention', 'acquisition_vs_retention_won', 'acquisition_vs_retention_kept']) | indent(4) }}
),

costs as (
    select month, cost_per_customer_won, cost_per_customer_kept, multiple
    from {{ ref('acquisition_vs_retention') }}
)

select
    costs.month,
    {{ if_known('acquisition_vs_retention_won', 'costs.cost_per_customer_won') }} as cost_per_customer_won,
    {{ if_known('acquisition_vs_retention_kept', 'costs.cost_per_customer_kept') }} as cost_per_customer_kept,
    {{ if_known('acquisition_vs_retention', 'costs.multiple') }} as multiple,
    {{ measure(var('quoted_acquisition_multiple')) }} as quoted_multiple
from costs
cross join known
