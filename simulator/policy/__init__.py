"""What every mail host is, and the rules that hosts share. Pure: facts in, decision out."""
