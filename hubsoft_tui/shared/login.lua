#!lua
-- The right to log in, and the token that is there already.
-- KEYS: login, token, refusal   ARGV: owner, lease (ms)
local refusal = value(KEYS[3])
if refusal then return {'refused', refusal} end
local token = value(KEYS[2]) or ''
local owner = value(KEYS[1])
if owner and owner ~= ARGV[1] then return {'held', token} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {'yours', token}
