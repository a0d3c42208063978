"""Where everything is kept. `database.open_store` opens it; `base.Store` says what it can do."""
