select
    expectation,
    told
from {{ source('control', 'doubts') }}
