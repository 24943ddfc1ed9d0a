"""Files that other programs wrote, as a lab: what a tenant, a server, a name server says of itself.

    text       JSON [json_text], CLIXML [clixml], a script or a Microsoft365DSC configuration [script], CSV [people_csv],
               zone files -> records, every value with its place                                     [reading]
    records    which cmdlet a record is of, told by its keys; its settings sorted: kept, at the default, no effect,
               not modelled, unknown, refused                                                        [sorting]
    lab        servers, people and DNS around the records; what nobody said is guessed, and told     [assembling]
    files      the lab as commented text                                                             [lab_text]

What a product's records look like stands beside the product (`simulator.products.records` and `PRODUCT.records`).
"""
