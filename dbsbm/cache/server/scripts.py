"""What the server does in one step, so that nothing can happen between.

A tag's key holds its stamp, 8 random bytes, and then the guards in force: 8 bytes that name the
writer and 8 that say until when, in milliseconds of the server's time. A tag whose key is lost gets
another stamp, so every value that depends on it is invalid: a loss is safe.
"""

from __future__ import annotations

from typing import Final

from dbsbm.cache.marks import LEASE, READ, UNREAD

TAG_LIFE_MS: Final = 14 * 24 * 3600 * 1000
"""Twice what a value may live. A tag is kept for as long as the values that depend on it."""

LEASE_DIGEST: Final = 8
"""The last bytes of the lease of a value with tags: of what the stamps were when it was taken."""

SPARE_MS: Final = 60_000
"""What the key of a tag that nothing depends on outlives a guard by."""

_NOW: Final = """
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""

# What may be taken: a key without a value, or with the one that was seen and could not be believed,
# told by the bytes after its mark; and a lease from before one of the tags changed, told by its
# last bytes, for what is loaded under it will not be stored.
# Of each tag the answer says whether its key was changed now, for who asked is told by a push too.
ACQUIRE: Final = f"""{_NOW}
local function digest(stamps) return redis.sha1hex(table.concat(stamps)):sub(1, {LEASE_DIGEST}) end
local held = redis.call('GET', KEYS[1])
local tags, stamps = {{}}, {{}}
for i = 2, #KEYS do
  tags[i - 1] = redis.call('GET', KEYS[i]) or ''
  stamps[i - 1] = tags[i - 1]:sub(1, 8)
end
if held then
  local is_free = held:sub(2, 13) == ARGV[3]
  if held:sub(1, 1) == '{LEASE.decode()}' then
    is_free = #tags > 0 and held:sub(-{LEASE_DIGEST}) ~= digest(stamps)
  end
  if not is_free then return {{'held', held, '', unpack(stamps)}} end
end
local now = nil
for _, tag in ipairs(tags) do
  for at = 9, #tag - 15, 16 do
    now = now or now_ms()
    if struct.unpack('>I8', tag, at + 8) > now then return {{'guarded'}} end
  end
end
local changed = {{}}
for i, tag in ipairs(tags) do
  changed[i] = '1'
  if #tag < 8 then
    stamps[i] = ARGV[4]
    redis.call('SET', KEYS[i + 1], ARGV[4], 'PX', ARGV[5])
  elseif redis.call('PTTL', KEYS[i + 1]) < tonumber(ARGV[6]) then
    redis.call('PEXPIRE', KEYS[i + 1], ARGV[5])
  else
    changed[i] = '0'
  end
end
local lease = ARGV[1] .. digest(stamps)
redis.call('SET', KEYS[1], lease, 'PX', ARGV[2])
return {{'taken', lease, table.concat(changed), unpack(stamps)}}
"""

# A guard set meanwhile has changed the stamp, so the stamps alone tell.
_UNCHANGED: Final = """
local function unchanged(first_tag, first_stamp)
  for i = first_tag, #KEYS do
    if redis.call('GETRANGE', KEYS[i], 0, 7) ~= ARGV[first_stamp + i - first_tag] then
      return false
    end
  end
  return true
end
"""

FILL: Final = f"""{_UNCHANGED}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if not unchanged(2, 4) then
  redis.call('UNLINK', KEYS[1])
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""

REFILL: Final = f"""{_UNCHANGED}
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[2])
local head = redis.call('GETRANGE', KEYS[1], 0, 12)
if head:sub(1, 1) == '{LEASE.decode()}' or head:sub(6, 13) ~= ARGV[2] then return 0 end
if not unchanged(3, 5) then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1
"""

GIVE_BACK: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0
"""

RENEW: Final = """
local renewed = {}
for i, key in ipairs(KEYS) do
  renewed[i] = redis.call('GET', key) == ARGV[i + 1] and redis.call('PEXPIRE', key, ARGV[1]) or 0
end
return renewed
"""

_IN_FORCE: Final = f"""{_NOW}
local function in_force(tag, now, except)
  local kept = ''
  for at = 9, #tag - 15, 16 do
    if tag:sub(at, at + 7) ~= except and struct.unpack('>I8', tag, at + 8) > now then
      kept = kept .. tag:sub(at, at + 15)
    end
  end
  return kept
end
"""

# A full server, too, has to learn that something changed.
_ALSO_WHEN_FULL: Final = "#!lua flags=allow-oom\n"

GUARD: Final = f"""{_ALSO_WHEN_FULL}{_IN_FORCE}
local now = now_ms()
local mine = ARGV[2] .. struct.pack('>I8', now + ARGV[3])
for _, key in ipairs(KEYS) do
  local tag = redis.call('GET', key) or ''
  local life = math.max(redis.call('PTTL', key), ARGV[3] + {SPARE_MS})
  redis.call('SET', key, ARGV[1] .. in_force(tag, now, ARGV[2]) .. mine, 'PX', life)
end
return 1
"""

RELEASE: Final = f"""{_ALSO_WHEN_FULL}{_IN_FORCE}
local now = now_ms()
for _, key in ipairs(KEYS) do
  local tag = redis.call('GET', key)
  if tag then redis.call('SET', key, ARGV[1] .. in_force(tag, now, ARGV[2]), 'KEEPTTL') end
end
return 1
"""

# The mark that the first reader of a value sets; the answer tells of each key whether it is still
# there to be marked. A value that vanished before it could be marked counts as not read: so a
# clean-up, which spares what is marked, never removes a value that somebody was given.
MARK_READ: Final = f"""
local present = {{}}
for i, key in ipairs(KEYS) do
  local mark = redis.call('GETRANGE', key, 0, 0)
  if mark == '{UNREAD.decode()}' then
    mark = '{READ.decode()}'
    redis.call('SETRANGE', key, 0, mark)
  end
  present[i] = mark == '{READ.decode()}' and 1 or 0
end
return present
"""
