with known as (
    {{ known_figures(['stage_flow_closed']) | indent(4) }}
),

-- who is lost by silence is known of those whose orders are reported
supplied as (
    {{ supplied_columns(['orders.customer_id']) | indent(4) }}
),

flows as (
    select month, scope_type, scope_id, opening, new_customers, reactivated, moved_in, lost, closed, moved_out, closing
    from {{ ref('stage_flow') }}
)

select
    flows.month,
    flows.scope_type,
    flows.scope_id,
    flows.opening,
    flows.new_customers as won,
    flows.reactivated,
    flows.moved_in,
    {{ if_supplied('orders.customer_id', 'flows.lost') }} as lost,
    {{ if_known('stage_flow_closed', 'flows.closed') }} as closed,
    flows.moved_out,
    flows.closing
from flows
cross join known
cross join supplied
