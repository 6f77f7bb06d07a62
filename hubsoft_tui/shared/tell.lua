#!lua
-- How a question ended: `kept` with records, `failed` with an error for those who waited, or `left`.
-- KEYS: claim, use of records, then the records
-- ARGV: owner, fence, how, life of a record (ms), most records, channel, what to say there, error, then the records
local claim = value(KEYS[1])
local mine = false
if claim then
  local owner, _, fence = string.match(claim, '([^|]*)|(%d+)|(%d+)|')
  mine = owner == ARGV[1] and fence == ARGV[2]
end
ours('ZCARD', KEYS[2])
for i = 3, #KEYS do
  local record = ARGV[6 + i]
  local old, at, epoch = value(KEYS[i], 20), struct.unpack('>dc12', record)
  local newer = false
  if old then
    local before, of = struct.unpack('>dc12', old)
    newer = of == epoch and before > at
  end
  if not newer then
    redis.call('SET', KEYS[i], record, 'PX', ARGV[4])
    redis.call('ZADD', KEYS[2], at, KEYS[i])
  end
end
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[5])
if over > 0 then
  for _, key in ipairs(redis.call('ZRANGE', KEYS[2], 0, over - 1)) do redis.call('UNLINK', key) end
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, over - 1)
end
if mine then
  if ARGV[3] == 'failed' then redis.call('SET', KEYS[1], string.match(claim, '(.*)|') .. '|' .. ARGV[8], 'PX', 5000)
  else redis.call('DEL', KEYS[1]) end
end
redis.call('PUBLISH', ARGV[6], ARGV[7])
return mine and 1 or 0
