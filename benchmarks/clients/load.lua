-- What wrk is told (by LOAD_... variables) and asked: one request for ever, or several in turn; a line of JSON at the end.
-- See https://github.com/wg/wrk/blob/master/SCRIPTING for the hooks.
--
--   LOAD_METHOD, LOAD_BODY_FILE   of the one request; wrk's own options have its target and headers
--   LOAD_REQUESTS                 instead: files that hold one whole HTTP/1.1 request each, separated by ":"
--   LOAD_STATUSES                 the statuses that may come back, separated by ","

local threads = {}
local several = os.getenv("LOAD_REQUESTS")
local expected, errors_expected = {}, false

for status in os.getenv("LOAD_STATUSES"):gmatch("%d+") do
  expected[tonumber(status)] = true
  errors_expected = errors_expected or tonumber(status) >= 400
end

local function content(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("*a")
  file:close()
  return bytes
end

if several then
  local requests, turn = {}, 0
  for path in several:gmatch("[^:]+") do requests[#requests + 1] = content(path) end
  function request()
    turn = turn % #requests + 1
    return requests[turn]
  end
else
  wrk.method = os.getenv("LOAD_METHOD")
  if os.getenv("LOAD_BODY_FILE") then wrk.body = content(os.getenv("LOAD_BODY_FILE")) end
end

unexpected = 0

-- wrk itself counts answers of 400 and above. Only where such a status is an expected one does each answer have to pass
-- through Lua: it costs the load generator time.
if errors_expected then
  function response(status)
    if not expected[status] then unexpected = unexpected + 1 end
  end
end

function setup(thread)
  table.insert(threads, thread)
end

function done(summary, latency)
  local errors, wrong = summary.errors, summary.errors.status
  if errors_expected then
    wrong = 0
    for _, thread in ipairs(threads) do wrong = wrong + thread:get("unexpected") end
  end
  local percentiles = {}
  for _, percent in ipairs({50, 75, 90, 99, 99.9}) do
    table.insert(percentiles, string.format('"%g": %d', percent, latency:percentile(percent)))
  end
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "wrong": %d, "socket_errors": %d, "timeouts": %d, "latencies": {%s}}\n',
    summary.requests, summary.duration / 1e6, wrong, errors.connect + errors.read + errors.write, errors.timeout,
    table.concat(percentiles, ", ")))
end
