select scope_type, scope_id, cell, customers, mean_orders, mean_order_value, spend
from reporting.rpt_value_matrix
where month = $month
order by list_position(['best', 'spender', 'frequent', 'uncertain'], cell), cell
