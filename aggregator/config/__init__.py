"""Configuration: the text of feeds.toml in, a typed `Config` or every problem at once out.

The other parts see `aggregator.model.settings` only. `schema` lists the keys, `values` and
`addresses` read one value each, `decode` puts the tables together, `lines` finds where a key stands.
"""
