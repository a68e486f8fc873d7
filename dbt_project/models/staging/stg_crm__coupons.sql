{{ latest_rows('coupons', persons=ref('int_core__persons')) }}
