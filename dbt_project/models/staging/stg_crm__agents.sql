{{ latest_rows('agents') }}
