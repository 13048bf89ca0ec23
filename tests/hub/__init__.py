"""A Hugging Face Hub on loopback, for tests that run the real `huggingface_hub` and `datasets` clients.

    faults, fixture  ->  server  ->  the routes (repos, tree, commit, files, lfs, cas)
                                      ->  state  ->  repo, xet  ->  answers

Everything is held in memory and lost with the server. Not covered: inference providers, discussions beyond the pull
request that a commit opens, merging, comments, likes, search, collections, buckets, webhooks, git over HTTP.
"""
