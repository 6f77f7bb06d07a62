#!lua
-- A question about to be asked: an answer that is young enough, or who asks already, or the right to ask.
-- KEYS: record, claim, fence, use of records
-- ARGV: owner, lease (ms), epoch of the clock, oldest instant allowed (ms), priority, fence that was waited for,
-- prefix of the counts of what was found
local function found(how, what) ours('INCR', ARGV[7] .. how); return {how, what} end
local record = value(KEYS[1], 20)
if record then
  local at, epoch = struct.unpack('>dc12', record)
  if epoch == ARGV[3] and at >= tonumber(ARGV[4]) then
    ours('ZADD', KEYS[4], 'XX', 'GT', at, KEYS[1])
    return found('have', record)
  end
end
local claim = value(KEYS[2])
if claim then
  local owner, priority, fence, failed = string.match(claim, '([^|]*)|(%d+)|(%d+)|(.*)')
  if failed ~= '' then   -- or it is no claim
    if failed and fence == ARGV[6] then return found('failed', failed) end
  elseif owner ~= ARGV[1] and tonumber(priority) <= tonumber(ARGV[5]) then
    return found('wait', fence)
  end
end
local fence = ours('INCR', KEYS[3]) or redis.call('INCR', KEYS[3])
redis.call('SET', KEYS[2], ARGV[1] .. '|' .. ARGV[5] .. '|' .. fence .. '|', 'PX', ARGV[2])
return found('yours', tostring(fence))
