-- What wrk is told (by LOAD_... variables) and asked: one request for ever, and a line of JSON at the end.
-- See https://github.com/wg/wrk/blob/master/SCRIPTING for the hooks.

local expected = tonumber(os.getenv("LOAD_STATUS"))
local threads = {}

wrk.method = os.getenv("LOAD_METHOD")
wrk.body = os.getenv("LOAD_BODY")

unexpected = 0

-- wrk itself counts answers of 400 and above. Only where such a status is the expected one does each answer have to pass
-- through Lua: it costs the load generator time.
if expected >= 400 then
  function response(status)
    if status ~= expected then unexpected = unexpected + 1 end
  end
end

function setup(thread)
  table.insert(threads, thread)
end

function done(summary, latency)
  local wrong = summary.errors.status
  if expected >= 400 then
    wrong = 0
    for _, thread in ipairs(threads) do wrong = wrong + thread:get("unexpected") end
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "wrong_status": %d, "socket_errors": %d, "timeouts": %d, ' ..
    '"p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration / 1e6, wrong, errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
