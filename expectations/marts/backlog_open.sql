{#- One row per month and cell: whether what came and went explains what is open, and that is what the tickets say; null where
    what was open is not known. -#}
select
    'service.backlog' as subject,
    concat_ws('|', month, region, store_id, channel, category, team) as key,
    opening + received + reopened + moved_in - coalesce(solved, 0) - removed - moved_out + coalesce(untimed, 0) <> closing
    or closing <> open_tickets as is_broken
from kefu.service.backlog
