/** What a Redis server does in one step for a store: scripts, so that a value and its tags never part. */

/**
 * Keys and values on the server. A value is a hash of its sealed row `b`, its tags `t` (words of equal length, joined) and
 * its time `e` by the writer's clock, for counting. A tag is a sorted set of the keys that have it, by when the server lets go
 * of them: what has expired leaves when the next one comes, and the set goes with its last key.
 */
const forEachWord = `
  local function forEachWord(words, wordBytes, visit)
    for start = 1, #words, wordBytes do visit(string.sub(words, start, start + wordBytes - 1)) end
  end`;

/** Keeps a value. KEYS: its key. ARGV: row, milliseconds to live or "", time, start of tag keys, tags, bytes of a tag. */
export const setScript = `${forEachWord}
  local key, row, ttl, expires, tagStart, words = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
  local wordBytes = tonumber(ARGV[6])
  local old = redis.call('HGET', key, 't') or ''
  redis.call('HSET', key, 'b', row, 't', words, 'e', expires)
  if ttl then redis.call('PEXPIRE', key, ARGV[2]) else redis.call('PERSIST', key) end
  forEachWord(old, wordBytes, function(word) redis.call('ZREM', tagStart .. word, key) end)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  forEachWord(words, wordBytes, function(word)
    local tag = tagStart .. word
    redis.call('ZREMRANGEBYSCORE', tag, '-inf', '(' .. string.format('%.0f', now))
    redis.call('ZADD', tag, ttl and string.format('%.0f', now + ttl) or '+inf', key)
    local last = tonumber(redis.call('ZREVRANGE', tag, 0, 0, 'WITHSCORES')[2])
    if last and last < math.huge then redis.call('PEXPIREAT', tag, string.format('%.0f', last + 1))
    else redis.call('PERSIST', tag) end
  end)
  return 1`;

/**
 * Deletes values, and gives how many had not expired. KEYS: theirs. ARGV: time by the asker's clock, start of tag keys, bytes
 * of a tag, and the key of the tag they must have, or "".
 */
export const deleteScript = `${forEachWord}
  local now, tagStart, wordBytes, meant = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), ARGV[4]
  local live = 0
  for _, key in ipairs(KEYS) do
    if meant == '' or redis.call('ZSCORE', meant, key) then
      local kept = redis.call('HMGET', key, 't', 'e')
      if redis.call('DEL', key) == 1 then
        if kept[2] == 'Infinity' or (tonumber(kept[2] or '') or 0) > now then live = live + 1 end
        forEachWord(kept[1] or '', wordBytes, function(word) redis.call('ZREM', tagStart .. word, key) end)
      end
      if meant ~= '' then redis.call('ZREM', meant, key) end
    end
  end
  return live`;

/** Deletes a value if its row still begins as the damaged one that was read. KEYS: its key. ARGV: that beginning. */
export const dropScript = `
  local row = redis.call('HGET', KEYS[1], 'b')
  if row and string.sub(row, 1, #ARGV[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
  return 0`;
