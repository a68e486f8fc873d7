{{ latest_rows('opportunities', persons=ref('int_core__persons')) }}
