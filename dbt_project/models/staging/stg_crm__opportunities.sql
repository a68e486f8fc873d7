{{ latest_rows('opportunities') }}
