{{ latest_rows('order_lines') }}
