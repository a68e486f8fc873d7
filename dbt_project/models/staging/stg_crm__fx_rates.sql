{{ latest_rows('fx_rates') }}
