-- Exclusive and exhaustive: each of the 125 cells of each month has exactly one segment.
select month, r_score, f_score, m_score, count(segment) as segments_count
from {{ ref('int_customer__rfm_cells') }}
group by month, r_score, f_score, m_score
having count(segment) <> 1
