{{ latest_rows('returns') }}
