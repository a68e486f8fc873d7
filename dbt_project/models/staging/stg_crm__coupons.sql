{{ latest_rows('coupons') }}
