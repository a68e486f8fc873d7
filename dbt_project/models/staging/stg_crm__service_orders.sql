{{ latest_rows('service_orders') }}
