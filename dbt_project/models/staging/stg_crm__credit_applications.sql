{{ latest_rows('credit_applications', persons=ref('int_core__persons')) }}
