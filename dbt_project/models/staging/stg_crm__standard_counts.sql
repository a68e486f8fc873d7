{{ latest_rows('standard_counts') }}
