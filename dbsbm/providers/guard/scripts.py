"""The Lua that makes each step on the shared ledger atomic.

Times are epoch seconds; -1 stands for "unknown". All keys of one call carry the same hash tag.
"""

from __future__ import annotations

# KEYS: breaker, learnt limits, day count, minute count, holds...
# ARGV: now, usable share, day limit, day end, minute limit, minute end, probe seconds
# Returns {refusal or '', until}.
RESERVE = """
local now, usable = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = 5, #KEYS do
  local held = redis.call('HMGET', KEYS[i], 'reason', 'until')
  if held[1] and tonumber(held[2]) > now then return held end
end
local breaker = redis.call('HMGET', KEYS[1], 'until', 'probe')
local opened = tonumber(breaker[1] or 0)
if opened > 0 then
  local wait = math.max(opened, tonumber(breaker[2] or 0))
  if wait > now then return {'failing', tostring(wait)} end
end
local learnt = redis.call('HMGET', KEYS[2], 'day', 'minute')
local day, minute = tonumber(ARGV[3]), tonumber(ARGV[5])
local learnt_day = tonumber(learnt[1] or -1)
if learnt_day >= 0 and (day < 0 or learnt_day < day) then day = learnt_day end
if learnt[2] then minute = tonumber(learnt[2]) end
local function spent(key, limit)
  if limit < 0 then return false end
  return tonumber(redis.call('GET', key) or 0) >= math.floor(limit * usable + 1e-9)
end
if spent(KEYS[3], day) then return {'day', ARGV[4]} end
if spent(KEYS[4], minute) then return {'minute', ARGV[6]} end
local function count(key, ends)
  redis.call('INCR', key)
  redis.call('EXPIRE', key, math.ceil(tonumber(ends) - now) + 60)
end
count(KEYS[3], ARGV[4])
count(KEYS[4], ARGV[6])
if opened > 0 then
  redis.call('HSET', KEYS[1], 'probe', tostring(now + tonumber(ARGV[7])))
end
return {'', '0'}
"""

# KEYS: breaker, learnt limits, day count, minute count
# ARGV: now, day end, minute end, day limit, day remaining, minute limit, minute remaining
ANSWERED = """
local now = tonumber(ARGV[1])
redis.call('DEL', KEYS[1])
local function learn(field, key, limit, remaining, ends)
  limit, remaining = tonumber(limit), tonumber(remaining)
  if limit < 0 then return end
  redis.call('HSET', KEYS[2], field, limit)
  redis.call('EXPIRE', KEYS[2], 172800)
  if remaining < 0 then return end
  if limit - remaining > tonumber(redis.call('GET', key) or 0) then
    local seconds = math.max(1, math.ceil(tonumber(ends) - now)) + 60
    redis.call('SET', key, limit - remaining, 'EX', seconds)
  end
end
learn('day', KEYS[3], ARGV[4], ARGV[5], ARGV[2])
learn('minute', KEYS[4], ARGV[6], ARGV[7], ARGV[3])
return 1
"""

# One key: the breaker.
# ARGV: now, forget seconds, then the open seconds after 1, 2, 3 ... failures in a row
# Returns for how many seconds the breaker is open.
FAILED = """
local now = tonumber(ARGV[1])
local opened = tonumber(redis.call('HGET', KEYS[1], 'until') or 0)
if opened > now then return tostring(opened - now) end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local seconds = tonumber(ARGV[math.min(failures + 2, #ARGV)])
redis.call('HDEL', KEYS[1], 'probe')
redis.call('HSET', KEYS[1], 'until', seconds > 0 and tostring(now + seconds) or '0')
redis.call('EXPIRE', KEYS[1], math.ceil(tonumber(ARGV[2]) + seconds))
return tostring(seconds)
"""

# One key: the hold.
# ARGV: reason, until, time to live in seconds
HOLD = """
redis.call('HSET', KEYS[1], 'reason', ARGV[1], 'until', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
