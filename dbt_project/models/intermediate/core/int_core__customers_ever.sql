{{ latest_rows('customers', with_deleted=true) }}
