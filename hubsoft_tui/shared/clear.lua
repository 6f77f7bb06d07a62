#!lua
-- Take every record away. KEYS: use of records
local names = ours('ZRANGE', KEYS[1], 0, -1) or {}
for _, key in ipairs(names) do redis.call('UNLINK', key) end
redis.call('UNLINK', KEYS[1])
return #names
