/** What runs inside Redis: one Lua script for each operation, so that every operation is one atomic step. */

import { words } from "./script-words.ts";

/**
 * Arguments: id, lease, record and budget times, whether it stands in line, time in line; then for each limit
 * kind, name, capacity, amount, window. Gives {1}, or {0, which, used, reserved, wait in microseconds or -1, final}.
 */
export const acquireScript = `${words}
local id, leaseMs, recordMs, keepMs, stands, lineMs = arg(), num(), num(), num(), arg(), num()
local record = keyOf('l', id)
local known = hash(record)
if known['.over'] then return { 0, 1, 0, 0, -1, 1 } end
if known['.held'] then return { 1 } end
local ticket = tonumber(known['.ticket'] or now)
local asks, short = {}, nil
while at < #ARGV do
  local ask = { kind = arg(), name = arg(), capacity = num(), amount = num(), windowMs = num() }
  asks[#asks + 1] = ask
  local ahead, _, count = line(ask.name, ticket, id)
  ask.waiting = count
  local used, reserved, wait = measure(ask.kind, ask.name, ask.capacity, ask.windowMs, ask.amount + ahead)
  local never = ask.amount > ask.capacity or (ask.kind == 'b' and ask.amount > ask.capacity - (used - reserved))
  if never or ask.amount + ahead > ask.capacity - used then
    local isBetter = short == nil or (never and not short.never) or (ask.name == known['.line'] and not short.never)
    if isBetter then
      short = { index = #asks, name = ask.name, amount = ask.amount, used = used, reserved = reserved, wait = wait, never = never }
    end
  end
end
local stood = known['.line']
if stood and (short == nil or short.never or short.name ~= stood) then
  redis.call('HDEL', keyOf('q', stood), id)
  redis.call('DEL', record)
end
if short then
  if stands == '1' and not short.never then
    redis.call('HSET', keyOf('q', short.name), id, string.format('%.3f', ticket) .. ' ' .. text(short.amount) .. ' ' .. text(now + lineMs))
    redis.call('HSET', record, '.line', short.name, '.ticket', string.format('%.3f', ticket))
    keep(keyOf('q', short.name), lineMs)
    keep(record, lineMs)
  end
  if stood and (short.never or short.name ~= stood) then wake(stood) end
  local wait = short.wait
  if wait >= 0 then wait = math.ceil(wait * 1000) end
  return { 0, short.index, text(short.used), text(short.reserved), wait, short.never and 1 or 0 }
end
local fields = { '.held', '1' }
for _, ask in ipairs(asks) do
  local told = ask.kind .. ' ' .. text(ask.amount)
  if ask.kind == 'w' then
    local w = window(ask.name, ask.windowMs)
    put(w, w.slot, ask.amount)
    told = told .. ' ' .. text(ask.windowMs) .. ' ' .. text(w.slot) .. ' ' .. text(w.turn)
  else
    hold(ask.name, ask.amount, id, leaseMs)
    if ask.kind == 'b' then spend(ask.name, ask.amount, keepMs) end
  end
  fields[#fields + 1] = ':' .. ask.name
  fields[#fields + 1] = told
end
redis.call('HSET', record, unpack(fields))
keep(record, recordMs)
for _, ask in ipairs(asks) do if ask.waiting > 0 then wake(ask.name) end end
return { 1 }
`;

/**
 * Arguments: how long a cancelled id is remembered, budget time; then for each change id, end, count, and that many
 * names with what was used.
 */
export const changeScript = `${words}
local overMs, keepMs = num(), num()
local woken = {}
local function settle(id, name, told, used)
  local kind, amount, windowMs, slot, turn = string.match(told, '(%S+) (%S+) ?(%S*) ?(%S*) ?(%S*)')
  amount = tonumber(amount)
  if kind == 'b' then
    spend(name, used - amount, keepMs)
    unhold(name, text(amount) .. ':' .. id)
  elseif kind == 'w' and used ~= amount then
    local w = window(name, tonumber(windowMs))
    if used > amount then
      put(w, w.slot, used - amount)
    elseif tonumber(turn) == w.turn and w.slot - tonumber(slot) < 65 then
      put(w, tonumber(slot), used - amount)
    end
  end
  woken[name] = true
end
while at < #ARGV do
  local id, ends, count = arg(), arg(), num()
  local record = keyOf('l', id)
  local known = hash(record)
  local cancelled = ends == 'cancelled'
  local used = {}
  for i = 1, count do local name = arg(); used[name] = num() end
  if known['.line'] then
    redis.call('HDEL', keyOf('q', known['.line']), id)
    woken[known['.line']] = true
  end
  local open = known['.held'] and not known['.settled']
  if open and (count > 0 or cancelled) then
    for field, told in pairs(known) do
      local name = string.sub(field, 2)
      local actual = cancelled and count == 0 and 0 or used[name]
      if string.sub(field, 1, 1) == ':' and actual then settle(id, name, told, actual) end
    end
    redis.call('HSET', record, '.settled', '1')
  end
  if ends ~= '' then
    for field, told in pairs(known) do
      local kind, amount = string.match(told, '^([pb]) (%d+)')
      if kind and string.sub(field, 1, 1) == ':' then
        unhold(string.sub(field, 2), amount .. ':' .. id)
        woken[string.sub(field, 2)] = true
      end
    end
    redis.call('DEL', record)
    if cancelled then
      redis.call('HSET', record, '.over', '1')
      keep(record, overMs)
    end
  end
end
for name in pairs(woken) do wake(name) end
return 1
`;

/** Arguments: lease, record and budget times; then for each lease id, count, and that many kinds, names and amounts. */
export const renewScript = `${words}
local leaseMs, recordMs, keepMs = num(), num(), num()
while at < #ARGV do
  local id, count = arg(), num()
  local record = keyOf('l', id)
  local known = hash(record)
  for i = 1, count do
    local kind, name, amount = arg(), arg(), num()
    if not known['.over'] then
      local isNew = not known[':' .. name]
      local isSettled = kind == 'b' and known['.settled']
      if not isSettled then hold(name, amount, id, leaseMs) end
      if kind == 'b' then
        if isNew then spend(name, amount, keepMs) else keep(keyOf('b', name), keepMs) end
      end
      if isNew then redis.call('HSET', record, '.held', '1', ':' .. name, kind .. ' ' .. text(amount)) end
    end
  end
  if not known['.over'] and redis.call('EXISTS', record) == 1 then keep(record, recordMs) end
end
return 1
`;

/** Arguments: for each limit kind, name, capacity, window. Gives used, reserved, waiting and wait in microseconds of each. */
export const usageScript = `${words}
local told = {}
while at < #ARGV do
  local kind, name, capacity, windowMs = arg(), arg(), num(), num()
  local _, _, waiting = line(name, 0, nil)
  local used, reserved, wait = measure(kind, name, capacity, windowMs, 1)
  if used < capacity then wait = 0 elseif wait > 0 then wait = math.ceil(wait * 1000) end
  told[#told + 1] = text(used)
  told[#told + 1] = text(reserved)
  told[#told + 1] = waiting
  told[#told + 1] = wait
end
return told
`;
