/** The words in which the scripts inside Redis are written: holders, windows, budgets and lines. */

/**
 * Words all scripts share. Keys, after the one hash tag that keeps them on one node of a cluster:
 * `l:id` what a lease took · `p:name` who holds permits or reservations until when · `w:name` the slots of a window ·
 * `b:name` what a budget spent and reserved · `q:name` who stands in line. Numbers are written with `%.0f`, since
 * Lua's own `..` rounds them to 14 digits.
 */
export const words = `
local base = KEYS[1]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + tonumber(clock[2]) / 1000
local at = 0
local function arg() at = at + 1; return ARGV[at] end
local function num() return tonumber(arg()) end
local function text(n) return string.format('%.0f', n) end
local function keyOf(kind, name) return base .. ':' .. kind .. ':' .. name end
local function keep(key, ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, text(math.ceil(ms))) end
end
local function hash(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

-- Holders: members "amount:id" by the time they end; the sum is the member "held" with its score below zero.
local function unhold(name, member)
  local key = keyOf('p', name)
  if redis.call('ZREM', key, member) == 0 then return end
  local amount = string.match(member, '^%d+')
  if tonumber(redis.call('ZINCRBY', key, amount, 'held')) >= 0 then redis.call('DEL', key) end
end
local function held(name)
  local key = keyOf('p', name)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(0', text(now))) do unhold(name, member) end
  return 0 - tonumber(redis.call('ZSCORE', key, 'held') or '0')
end
local function hold(name, amount, id, forMs)
  local key = keyOf('p', name)
  if redis.call('ZADD', key, text(now + forMs), text(amount) .. ':' .. id) == 1 then
    redis.call('ZINCRBY', key, text(-amount), 'held')
  end
  keep(key, forMs)
end

-- A window is 64 slots and the running one; what was taken leaves a whole window after its slot. A server's clock that
-- is set back stands still for up to a window; set back further, all that counts begins anew in a new turn.
local function window(name, windowMs)
  local key, slotMs = keyOf('w', name), windowMs / 64
  local slot = math.floor(now / slotMs)
  local state = redis.call('HMGET', key, 'slot', 'used', 'turn')
  local last, used, turn = tonumber(state[1] or slot), tonumber(state[2] or 0), tonumber(state[3] or 0)
  if last > slot + 64 then
    redis.call('DEL', key)
    turn = turn + 1
    redis.call('HSET', key, 'slot', text(slot), 'used', text(used), 'turn', text(turn), text(slot % 65), text(used))
    keep(key, windowMs * 65 / 64 + 1000)
  elseif last > slot then
    slot = last
  elseif slot > last then
    local passed = {}
    for s = math.max(last + 1, slot - 64), slot do passed[#passed + 1] = text(s % 65) end
    for _, gone in ipairs(redis.call('HMGET', key, unpack(passed))) do used = used - tonumber(gone or 0) end
    redis.call('HDEL', key, unpack(passed))
    redis.call('HSET', key, 'slot', text(slot), 'used', text(used))
  end
  return { key = key, slotMs = slotMs, slot = slot, used = used, turn = turn, windowMs = windowMs }
end
local function put(w, slot, amount)
  redis.call('HINCRBY', w.key, text(slot % 65), text(amount))
  w.used = w.used + amount
  redis.call('HSET', w.key, 'slot', text(w.slot), 'used', text(w.used), 'turn', text(w.turn))
  keep(w.key, w.windowMs * 65 / 64 + 1000)
end
local function windowWait(w, missing)
  local slots = hash(w.key)
  for s = math.max(0, w.slot - 64), w.slot do
    missing = missing - tonumber(slots[text(s % 65)] or 0)
    if missing <= 0 then return math.max(0, (s + 65) * w.slotMs - now) end
  end
  return -1
end

-- A line: fields id = "ticket amount until". Gives what those before a ticket need, and who is first.
local function line(name, ticket, self)
  local key, ahead, first, firstTicket, count = keyOf('q', name), 0, nil, nil, 0
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local t, amount, ends = string.match(flat[i + 1], '(%S+) (%S+) (%S+)')
    t = tonumber(t)
    if tonumber(ends) <= now then
      redis.call('HDEL', key, flat[i])
    elseif flat[i] ~= self then
      count = count + 1
      if t < ticket or (t == ticket and flat[i] < (self or '')) then ahead = ahead + tonumber(amount) end
      if firstTicket == nil or t < firstTicket or (t == firstTicket and flat[i] < first) then
        first, firstTicket = flat[i], t
      end
    end
  end
  return ahead, first, count
end
local function wake(name)
  local _, first = line(name, 0, nil)
  if first then redis.call('PUBLISH', base .. ':wake', first) end
end

-- Gives what is used, what is reserved, and the milliseconds until time makes room, or -1.
local function measure(kind, name, capacity, windowMs, wanted)
  if kind == 'p' then return held(name), 0, -1 end
  if kind == 'b' then
    local used = tonumber(redis.call('HGET', keyOf('b', name), 'used') or 0)
    return used, math.min(used, held(name)), -1
  end
  local w = window(name, windowMs)
  local missing = wanted - (capacity - w.used)
  if missing <= 0 then return w.used, 0, 0 end
  return w.used, 0, windowWait(w, missing)
end
local function spend(name, amount, keepMs)
  redis.call('HINCRBY', keyOf('b', name), 'used', text(amount))
  keep(keyOf('b', name), keepMs)
end
`;
