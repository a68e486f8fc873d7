{{ latest_rows('stock') }}
