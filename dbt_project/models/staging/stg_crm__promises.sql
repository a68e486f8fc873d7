{{ latest_rows('promises') }}
