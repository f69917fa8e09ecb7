"""Answers of the database that are remembered, and forgotten in the moment they become wrong."""

from dbsbm.querycache.explaining import Explanation
from dbsbm.querycache.query_cache import QueryCache
from dbsbm.querycache.reading.cached import CachedFunction
from dbsbm.querycache.reading.options import CacheFor
from dbsbm.querycache.refusals import Reason, Refusal

__all__ = ["CacheFor", "CachedFunction", "Explanation", "QueryCache", "Reason", "Refusal"]
