"""Services with one thing wrong in each: the checker must name what that brings about.

`python -m tests.promises.mutants cursor proposals relay` is `python -m services.proposals relay` with the
mutation made first. What the services themselves are made of knows nothing of it.
"""
