{{ latest_rows('campaigns') }}
