"""From an address to a `FetchResult`: the only part that talks to the network as a client."""
