{#- One row per published column outside customer.customer_contact: whether the contract calls it personal. -#}
select
    concat_ws('.', schema_name, table_name, column_name) as subject,
    column_name as key,
    column_name in ({{ personal | map("literal") | join(", ") }}) as is_broken
from duckdb_columns()
where database_name = 'kefu' and not (schema_name = 'customer' and table_name = 'customer_contact')
