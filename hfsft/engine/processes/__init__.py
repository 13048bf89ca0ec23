"""Steps over single rows in other processes of this machine, so that all its cores are at work."""
