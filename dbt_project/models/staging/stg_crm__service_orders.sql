{{ latest_rows('service_orders', persons=ref('int_core__persons')) }}
