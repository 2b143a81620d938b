"""Native OpenTelemetry: spans, metrics and logs of requests, without an instrumentation package.

The promise: **a process that does not use OpenTelemetry pays nothing for this.** Importing vivace imports
none of it, and a request asks one question of one dictionary, whether `opentelemetry.context` is in
`sys.modules`. That question is enough, because nobody can configure a provider without importing the API,
and every part of the API imports that module.

When the API is there, an app observes a request if one of its signals (tracing, metrics, logs) is switched
on and has a provider: one named in `telemetry={...}`, or else the global one once somebody has set it. The
API's own placeholders, which stand in until then, do not count; its no-op providers do, for somebody chose
them. This is asked for each request, not once: a program may set its providers after it has built its apps
and even after it has served requests, and tests replace them. Asking stays cheap where the API is merely
installed (see `Gate`).

The files, in the order of reading:

- `_api`: what programs see (`TelemetryConfig`, `TelemetryData`, `get_telemetry_data()`), the gate that
  decides whether a request is observed, and the functions that compiled endpoints call when it is. Imports
  nothing of OpenTelemetry.
- `_asgi`: what an observed request emits. Imported by the gate when the API is present.
- `_runtime`: exporters from environment variables, and flushing them when the application stops.

Names of spans, events, attributes and of the instrumentation scope are FastAPI's, `fastapi` included:
dashboards, alerts and processors that were written for them keep working.

    from vivace import FastAPI
    from vivace.telemetry import get_telemetry_data

    app = FastAPI(telemetry={"exclude": lambda scope: scope["path"] == "/health"})
"""

from ._api import TelemetryConfig as TelemetryConfig
from ._api import TelemetryData as TelemetryData
from ._api import get_telemetry_data as get_telemetry_data
