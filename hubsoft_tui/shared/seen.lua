#!lua
-- What is to be seen of the shared budget: nothing, {f=format}, or its figures and in `m`, for each machine,
-- [machine, promise, silent for (ms), slots held, requests that wait, face]. Durations in ms.
-- KEYS: ledger   ARGV: prefix of the counts of questions
local read, g = pcall(cmsgpack.unpack, redis.pcall('GET', KEYS[1]))
if not read or type(g) ~= 'table' or type(g.f) ~= 'number' then return false end
if g.f > 1 then return cmsgpack.pack({f=g.f}) end
local T = redis.call('TIME'); local raw = T[1] * 1000 + math.floor(T[2] / 1000)
local fast, now = math.max(g.r, raw + g.off2), math.max(g.c, raw + g.off)
local W, used, waits, machines = 0, 0, {0, 0, 0, 0}, {}
for _, m in pairs(g.m) do W = math.max(W, m.W) end
for _, s in pairs(g.s) do if (s.d or s.l) + W > now then used = used + 1 end end
for _, h in pairs(g.h) do for c, w in pairs(h.w) do waits[c] = waits[c] + w[2] end end
for id, m in pairs(g.m) do
  local spent, waiting = 0, 0
  for _, s in pairs(g.s) do if s.m == id then spent = spent + 1 end end
  for _, h in pairs(g.h) do if h.m == id then for _, w in pairs(h.w) do waiting = waiting + w[2] end end end
  machines[#machines+1] = {id, m.b, fast - m.t, spent, waiting, m.w or ''}
end
local flights = {}
for _, how in ipairs({'have', 'yours', 'wait', 'failed'}) do flights[how] = tonumber(value(ARGV[1] .. how)) or 0 end
return cmsgpack.pack({f=g.f, e=g.e, q=math.max(0, g.q - now), u=math.max(0, g.u - now), H=g.J or 0,
  ot=now < (g.th.ou or 0) and g.th.ot or 0, pu=math.max(0, g.th.pu - now), n=used, w=waits, k=g.k or {ok=0}, al=g.al or 0,
  fl=flights, m=machines})
