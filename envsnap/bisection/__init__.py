"""Which difference does it: sets of differences are tried until a smallest one is proven.

`atoms` says what can be varied, `order` what to suspect first, `search` which sets to try,
`trials` runs one set until it is decided, and `session` is the whole.
"""
