"""An asynchronous feed aggregator and RSS republisher."""

__version__ = "0.1.0"
