#!lua
-- A question about to be asked: an answer that is young enough, or who asks already, or the right to ask.
-- KEYS: record, claim, fence, use of records
-- ARGV: owner, lease (ms), epoch of the clock, oldest instant allowed (ms), priority, fence that was waited for
local record = redis.call('GET', KEYS[1])
if record then
  local at, epoch = struct.unpack('>dc12', record)
  if epoch == ARGV[3] and at >= tonumber(ARGV[4]) then
    redis.call('ZADD', KEYS[4], 'XX', 'GT', at, KEYS[1])
    return {'have', record}
  end
end
local claim = redis.call('GET', KEYS[2])
if claim then
  local owner, priority, fence, failed = string.match(claim, '([^|]*)|(%d+)|(%d+)|(.*)')
  if failed ~= '' then
    if fence == ARGV[6] then return {'failed', failed} end
  elseif owner ~= ARGV[1] and tonumber(priority) <= tonumber(ARGV[5]) then
    return {'wait', fence}
  end
end
local fence = redis.call('INCR', KEYS[3])
redis.call('SET', KEYS[2], ARGV[1] .. '|' .. ARGV[5] .. '|' .. fence .. '|', 'PX', ARGV[2])
return {'yours', tostring(fence)}
