{#- One row per month: whether the grades hold every customer and all revenue of the base, each once. -#}
select
    'customer.pyramid' as subject,
    month as key,
    sum(customers) <> max(customers_in_base)
    or sum(revenue) <> max(revenue_total)
    or count(*) <> count(distinct grade) as is_broken
from kefu.customer.pyramid
group by month
