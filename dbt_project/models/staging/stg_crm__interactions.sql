{{ latest_rows('interactions') }}
