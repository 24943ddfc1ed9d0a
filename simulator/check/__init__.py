"""Findings without running: what is odd about a lab, and what will come of it.

ground     a lab with the planner behind it
loops      MF010 MF011 MF012   MF013 split brain
relays     MF020
tls        MF030 MF031 MF032
dns        MF040 to MF046 (MF045 is a product's)
records    MF048 MF049
coverage   MF070
looking    all of them, and those of the products, for labs, scenarios and their stages
mending    `--fix`: the edits of findings made in the text of files
page       `docs/findings.md`
"""
