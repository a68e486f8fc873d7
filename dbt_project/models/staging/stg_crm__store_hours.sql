{{ latest_rows('store_hours') }}
