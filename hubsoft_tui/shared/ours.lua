-- Stands before every script of this room but the ledger's. What is of another kind than ours is as good as none.
local function ours(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not (string.find(reply.err, 'WRONGTYPE', 1, true) or string.find(reply.err, 'not an integer', 1, true)) then error(reply) end
  redis.call('UNLINK', key)
end
local function value(key, shortest)
  local text = ours('GET', key)
  return text and #text >= (shortest or 0) and text or nil
end
