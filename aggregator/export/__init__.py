"""Writes what is stored as files: static feeds and pages, or posts for a site generator."""

from aggregator.export.run import FORMATS, export
from aggregator.export.tree import ExportReport

__all__ = ["FORMATS", "ExportReport", "export"]
