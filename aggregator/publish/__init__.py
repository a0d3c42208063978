"""From a feed's items to the bytes that readers get: pure functions, one module a format."""
