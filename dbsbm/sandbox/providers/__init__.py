"""A local stand-in for the sports data providers: their wire formats, an invented season.

`python -m dbsbm.sandbox.providers` runs it; `server.ProviderSandbox` embeds it; `control` steers
it from a test.
"""

from dbsbm.sandbox.providers.control import SandboxControl
from dbsbm.sandbox.providers.server import ProviderSandbox

__all__ = ["ProviderSandbox", "SandboxControl"]
