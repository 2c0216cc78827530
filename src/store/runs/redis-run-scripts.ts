/** What a Redis server does in one step for a store of runs: scripts, so that a run, its place and the sums never part. */

/**
 * KEYS of all: a hash and a sorted set. The hash has each sealed run under its key, `id`, the number of the run written last,
 * and `bytes`, what all runs take. The set has the number of each run in 14 digits and its key, by when it ended: runs that
 * ended together are in the order they came.
 */
const idDigits = 14;

const words = `
  local rows, ends = KEYS[1], KEYS[2]
  local function idOf(member) return tonumber(string.match(string.sub(member, 1, ${idDigits}), '^%d+$') or '') end
  local function keyOf(member) return string.sub(member, ${idDigits + 1}) end
  local function sizeOf(key) return redis.call('HSTRLEN', rows, key) + 2 * #key end
  local function have(key) return redis.call('HEXISTS', rows, key) end`;

/**
 * A server short of memory may have thrown away either key, or someone a sum: what is left of a run goes, and the sums are made
 * anew. Numbers go on after every one there is, of a lost run as well, up to one that no store ever comes to.
 */
const mend = `
  local function sum(field)
    local text = redis.call('HGET', rows, field) or ''
    local value = (text == '0' or string.match(text, '^[1-9]%d*$')) and tonumber(text)
    return value and value < 9e13 and value
  end
  local function mend()
    local isWhole = redis.call('HLEN', rows) - have('id') - have('bytes') == redis.call('ZCARD', ends)
    if isWhole and sum('id') and sum('bytes') then return end
    local kept, bytes, last = {id = true, bytes = true}, 0, 0
    for _, member in ipairs(redis.call('ZRANGE', ends, 0, -1)) do
      local key, id = keyOf(member), idOf(member) or 0
      if id < 9e13 then last = math.max(last, id) end
      if have(key) == 1 and not kept[key] then
        kept[key], bytes = true, bytes + sizeOf(key)
      else redis.call('ZREM', ends, member) end
    end
    for _, key in ipairs(redis.call('HKEYS', rows)) do
      if not kept[key] then redis.call('HDEL', rows, key) end
    end
    last = math.max(last, sum('id') or 0)
    redis.call('HSET', rows, 'id', string.format('%.0f', last), 'bytes', string.format('%.0f', bytes))
  end`;

/**
 * Keeps runs that are not there yet, and lets go of some of what is too old or too much. ARGV: time of the newest run that is
 * too old, most runs, most bytes, how many may go at once, and a run's key, end and sealed row in turn. Gives 1 when more has to go.
 */
export const appendScript = `${words}${mend}
  mend()
  for at = 5, #ARGV, 3 do
    local key, ended, sealed = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    if redis.call('HSETNX', rows, key, sealed) == 1 then
      local id = redis.call('HINCRBY', rows, 'id', 1)
      redis.call('ZADD', ends, ended, string.format('%0${idDigits}.0f', id) .. key)
      redis.call('HINCRBY', rows, 'bytes', sizeOf(key))
    end
  end
  local oldest, maxRuns, maxBytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
  for gone = 1, tonumber(ARGV[4]) do
    local first = redis.call('ZRANGE', ends, 0, 0, 'WITHSCORES')
    if not first[1] then return 0 end
    local bytes = tonumber(redis.call('HGET', rows, 'bytes'))
    if tonumber(first[2]) > oldest and redis.call('ZCARD', ends) <= maxRuns and bytes <= maxBytes then return 0 end
    local key = keyOf(first[1])
    redis.call('HINCRBY', rows, 'bytes', -sizeOf(key))
    redis.call('HDEL', rows, key)
    redis.call('ZREM', ends, first[1])
  end
  return 1`;

/** Finds how many places are before one: those that ended earlier, and then those of lower numbers. */
const rank = `
  local function rankAfter(ended, id)
    local low = redis.call('ZCOUNT', ends, '-inf', '(' .. ended)
    local high = low + redis.call('ZCOUNT', ends, ended, ended)
    while low < high do
      local middle = math.floor((low + high) / 2)
      if (idOf(redis.call('ZRANGE', ends, middle, middle)[1]) or 0) <= id then low = middle + 1 else high = middle end
    end
    return low
  end
  local function between(from, to)
    local found = {}
    if from > to then return found end
    local range = redis.call('ZRANGE', ends, from, to, 'WITHSCORES')
    for at = 1, #range, 2 do
      local key = keyOf(range[at])
      found[#found + 1] = {range[at + 1], string.sub(range[at], 1, ${idDigits}), key, redis.call('HGET', rows, key) or ''}
    end
    return found
  end`;

/** Gives runs after a place: end, number, key and sealed row of each. ARGV: end and number of the place, an end not to reach, how many. */
export const readSomeScript = `${words}${rank}
  local from = rankAfter(ARGV[1], tonumber(ARGV[2]))
  local to = redis.call('ZCOUNT', ends, '-inf', '(' .. ARGV[3])
  return between(from, math.min(to, from + tonumber(ARGV[4])) - 1)`;

/** Gives runs before a place, in the order of their end. ARGV: end and number of the place, the earliest end, how many. */
export const readBackScript = `${words}${rank}
  local to = rankAfter(ARGV[1], tonumber(ARGV[2]) - 1)
  local from = redis.call('ZCOUNT', ends, '-inf', '(' .. ARGV[3])
  return between(math.max(from, to - tonumber(ARGV[4])), to - 1)`;

/** Forgets all runs. Numbers go on, so that who is reading does not take new runs for old ones. */
export const clearScript = `
  local id = redis.call('HGET', KEYS[1], 'id')
  redis.call('UNLINK', KEYS[1], KEYS[2])
  if id then redis.call('HSET', KEYS[1], 'id', id, 'bytes', '0') end
  return 1`;
