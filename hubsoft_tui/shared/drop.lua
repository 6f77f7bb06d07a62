#!lua
-- Take a value away if it begins as said: a token that HubSoft refused, a right that is given back.
if string.sub(value(KEYS[1]) or '', 1, #ARGV[1]) == ARGV[1] then redis.call('UNLINK', KEYS[1]) end
return 1
