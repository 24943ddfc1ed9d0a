"""A lab for other programs: as a script of cmdlets, or as a diagram.

words       values as PowerShell takes them                                                  [powershell]
objects     what a tree says of each object, the cmdlet's defaults left out                  [objects]
changes     what leads from one lab to another, as commands with their undo, in a safe order [changes]
remarks     what no cmdlet does: DNS, people, other products, as comments                    [remarks]
script      all of it as text                                                                [script]
mermaid     servers and the ways between them; a flow's path                                 [mermaid]
"""
