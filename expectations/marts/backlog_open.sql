{#- One row per month and cell: whether what came and went explains what is open, and that is what the tickets say. -#}
select
    'service.backlog' as subject,
    concat_ws('|', month, region, store_id, channel, category, team) as key,
    opening + received + reopened + moved_in - solved - removed - moved_out <> closing
    or closing <> open_tickets as is_broken
from kefu.service.backlog
