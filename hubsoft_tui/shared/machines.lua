#!lua
-- Who is at the shared budget: [machine, promise, silent for (ms), slots held, requests that wait, face] for each.
local blob = redis.call('GET', KEYS[1])
local found = {}
if blob then
  local T = redis.call('TIME')
  local g = cmsgpack.unpack(blob)
  local fast = math.max(g.r, T[1] * 1000 + math.floor(T[2] / 1000) + g.off2)
  for id, m in pairs(g.m) do
    local spent, waiting = 0, 0
    for _, s in pairs(g.s) do if s.m == id then spent = spent + 1 end end
    for _, h in pairs(g.h) do if h.m == id then for _, w in pairs(h.w) do waiting = waiting + w[2] end end end
    found[#found+1] = {id, m.b, fast - m.t, spent, waiting, m.w or ''}
  end
end
return cmsgpack.pack(found)
