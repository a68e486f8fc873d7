{{ latest_rows('credit_applications') }}
