"""Shared value types: frozen, slotted, keyword-only, and without behaviour of their own.

Datetimes are aware UTC and end in ``_at``; seconds end in ``_s``, sizes in ``_bytes``.
"""
