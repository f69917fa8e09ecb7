"""Answers of the database that are remembered, and forgotten in the moment they become wrong."""

from dbsbm.querycache.cached import CachedFunction
from dbsbm.querycache.options import CacheFor
from dbsbm.querycache.query_cache import Explanation, QueryCache
from dbsbm.querycache.refusals import Reason, Refusal

__all__ = ["CacheFor", "CachedFunction", "Explanation", "QueryCache", "Reason", "Refusal"]
