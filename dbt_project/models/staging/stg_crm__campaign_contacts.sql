{{ latest_rows('campaign_contacts') }}
