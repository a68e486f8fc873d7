{{ latest_rows('payments') }}
