-- GCRA, as docs/decisions.md ("Shared budgets") explains it. KEYS[1]: whose budget. ARGV: requests, and their window in microseconds.
-- A client owes a window's length for each request, and pays off so many microseconds at once as there are requests in a window:
-- then all figures are whole, and below 2^53, so that nothing is rounded.
local requests, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = requests * window
-- The store's own clock: those of the servers may differ.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local debt = 0
-- What is no debt of ours is written over.
local kept = redis.pcall('GET', KEYS[1])
if type(kept) == 'string' and #kept == 16 then
  local since, owed = struct.unpack('>I8I8', kept)
  -- Nobody owes more than a whole budget: the limit may have been larger. A clock that went back pays nothing off.
  debt = math.max(0, math.min(full, owed) - math.max(0, now - since) * requests)
end
local left = full - debt - window
if left < 0 then return {0, math.ceil(-left / requests)} end
debt = debt + window
redis.call('SET', KEYS[1], struct.pack('>I8I8', now, debt), 'PX', math.ceil(debt / requests / 1000))
return {1, math.floor(left / window)}
