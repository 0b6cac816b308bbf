-- Sends the lines of a file in turn as bearer tokens, if a file is given, and prints the results in one line.
local requests, turn = {}, 0

function init(args)
  if args[1] == nil then
    requests[1] = wrk.format("GET")
    return
  end
  for token in io.lines(args[1]) do
    wrk.headers["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format("GET")
  end
  -- Each thread begins at another line.
  turn = math.floor(tonumber(tostring({}):match("0x(%x+)") or "0", 16) / 64) % #requests
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
