#!lua
-- A machine gets no answer from HubSoft. When another one said so a moment ago, HubSoft is away for all.
-- KEYS: the last machine that said so, that it is away   ARGV: machine, life of its word (ms), of the whole (ms), channel, news
local other = value(KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if not other or other == ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
