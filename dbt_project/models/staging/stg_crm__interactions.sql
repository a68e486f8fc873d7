{{ latest_rows('interactions', persons=ref('int_core__persons')) }}
