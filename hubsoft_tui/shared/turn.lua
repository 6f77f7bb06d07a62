#!lua flags=allow-oom
-- One turn of one process at the shared budget: facts it tells, heads of its queue, grants it gets. The whole ledger
-- is ONE value (KEYS[1]), so it is lost or kept as a whole. `core.limiter.schedule` and `throttle` are the same rules
-- for one home; a test compares the two.
-- KEYS[1] ledger   ARGV[1] message (msgpack, see membership.py)   ARGV[2] prefix of the wake channels
-- ARGV[3] prefix of the keys of questions
-- Times are integer milliseconds of the ledger's clocks. W is the window and TAU: undetected steps of the server's
-- clock and drift lie within TAU.
local TAU, SILENT, FROZEN = 250, 8000, 6000
local SHARE, ALONE = 3600000, 3            -- how long, and with how many requests a window, a machine may work alone
local NAMED = 16                           -- so much of what counts no more is named; the rest puts all that is older in doubt
local T = redis.call('TIME'); local raw = T[1] * 1000 + math.floor(T[2] / 1000) -- @clock
local q = cmsgpack.unpack(ARGV[1])
-- Asked here and not by the caller: a connection may be another run's since it last looked.
local srv = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') -- @run
local N, W = q.lim[1], q.lim[2] + TAU
local blob = redis.pcall('GET', KEYS[1])
if type(blob) == 'table' and not string.find(blob.err, 'WRONGTYPE', 1, true) then return blob end
local read, g = pcall(cmsgpack.unpack, blob)
read = read and type(g) == 'table'
if read and type(g.f) == 'number' and g.f > 1 then return cmsgpack.pack({s='newer'}) end
local blank = {f=1, e=q.new, v=0, srv=srv, off=0, off2=0, c=raw, r=raw, H=0, s={}, h={}, m={}, o={}, F={}, V={}, th={pu=0,cf=0,ca=0}, q=0, u=0}
for key, empty in pairs(blank) do read = read and type(g[key]) == type(empty) end
local fresh = not read                     -- what is no ledger is as good as none
if fresh then g = blank end
local L = q.L; for _, x in pairs(g.m) do L = math.max(L, x.L); W = math.max(W, x.W) end
local hold = L + W                         -- how long a slot granted now can be held at most

-- 1. two clocks. The slow one (now) frees things: it never runs ahead of true time. The fast one (fast) takes things
--    away: it never lags behind. Server steps back: both go on from where they were. Steps forward: the slow one only
--    follows as far as the caller's own clock vouches for; a caller without a past cannot move it at all.
local fast = raw + g.off2
if fast < g.r then g.off2 = g.off2 + (g.r - fast); fast = g.r end
if q.lr and q.le == g.e and q.lr > fast then fast = q.lr; g.off2 = fast - raw end
g.r = fast
local now = raw + g.off
if now < g.c then g.off = g.off + (g.c - now); now = g.c end
local vouches = q.lo and q.le == g.e
local older = vouches and (q.lh or 0) > g.H     -- than the ledger that the caller was told of
if older then g.H = q.lh end
local vouched = vouches and q.lo - g.H or g.c   -- g.H: all it was ever held back, so it never catches up
if now > vouched + TAU then
  local to = math.max(vouched, g.c)
  -- a jump that was seen; time that no caller can tell is none, and of a message that is late it says whether it hung
  local jump = vouches and (fast > q.na and 'K' or 'J')
  if jump then g[jump] = (g[jump] or 0) + now - to end
  g.off = g.off - (now - to); g.H = g.H + (now - to); now = to
end
if vouches and now < vouched then g.H = g.H + vouched - now end   -- lost in a step back
g.c = now

-- 2. was the ledger lost, rolled back, or carried to another server? then the window counts as full
local mine = g.o[q.o] and g.o[q.o].q or 0  -- other calls may have raised the version again: the caller's own must be there
local rolled = older or q.e == g.e and (q.v > g.v or q.ln > mine)
if fresh or rolled or g.srv ~= srv then
  g.e = q.new; g.srv = srv; g.q = now + hold ; g.rep = {}
  if fresh then g.u = now + SHARE + 2 * hold end     -- it is not known which machines may be working alone
end
-- 3. A message that waited too long on the way must neither make its sender look alive nor be granted anything. One
--    that does not know this epoch cannot be dated: it is told the time and comes again.
local function answer(status, t) g.k = g.k or {}; g.k[status] = (g.k[status] or 0) + 1; t.s = status; t.t = now; t.u = now + g.H; t.f = fast; t.v = g.v; t.e = g.e; return cmsgpack.pack(t) end
if q.le ~= g.e or fast > q.na then
  local a = answer(q.le ~= g.e and 'hello' or 'late', {}); redis.call('SET', KEYS[1], cmsgpack.pack(g)); return a
end
-- 4. a repeated message gets the answer it got
local o = g.o[q.o]
if o and o.q == q.n and o.a then return o.a end
if o and q.n < o.q then local a = answer('old', {}); redis.call('SET', KEYS[1], cmsgpack.pack(g)); return a end

g.v = g.v + 1
if q.jp then g.J = (g.J or 0) + (g.K or 0) end
g.K = nil

-- 5. the caller's machine, and who is silent: no machine is taken for alive that has not called since the caller came
local m = g.m[q.m]
if not m then m = {b=0, j=g.v, ok=false, a=now}; g.m[q.m] = m end
m.t = fast; m.c = now; m.v = g.v; m.n = N; m.L = q.L; m.W = q.lim[2] + TAU; m.w = q.who or m.w; m.ve = q.ve
if q.forget and q.forget ~= q.m then g.m[q.forget] = nil end      -- a person knows that it is off
if q.begin then   -- a person knows that no other works with this login; whether one did a moment ago, not always
  g.word = q.begin == 'wait' and (g.word or g.u > now) or nil; g.u = 0
end
local alone_total = math.floor(N * 2 / 3)
local function silent(x) return fast - x.t >= SILENT or x.v < m.j end
local apart, machines, versions, others_live, known_to_all = 0, 0, 0, 0, true   -- others_live: for so long at most
for id, x in pairs(g.m) do
  if x ~= m and now - x.c > SHARE + hold then g.m[id] = nil             -- its right to work alone is over
  else
    machines = machines + 1
    if x ~= m then
      if fast - x.t < SILENT then
        others_live = math.max(others_live, SILENT - (fast - x.t))
        if x.ve ~= m.ve then versions = versions + 1 end
        if x.v > m.j then m.ok = true else known_to_all = false end   -- x has called since m came: x knows of m
      end
      if silent(x) then apart = apart + x.b end
    end
  end
end
if others_live == 0 then m.ok = true end
if not m.ok then     -- a few processes that live are asked to call: a person waits for the first grant
  local heard = 0
  for id, each in pairs(g.o) do
    if heard < 3 and each.m ~= q.m and now - each.t < SILENT then heard = heard + redis.call('PUBLISH', ARGV[2] .. id, '') end
  end
end

-- 6. facts: what ended, what never began, what the machine did alone, 429s
for _, d in ipairs(q.d or {}) do local s = g.s[d[1]]; if s and not s.d then s.d = math.max(s.g, now - d[2]) end end
for _, id in ipairs(q.un or {}) do if g.s[id] then g.s[id] = nil end end
for id, s in pairs(g.s) do     -- granted in an answer that never arrived: nothing was sent under it
  if s.o == q.o and not s.d then local known = false
    for _, f in ipairs(q.fl or {}) do if f == id then known = true end end
    if not known then g.s[id] = nil end end
end
if q.rep then
  for _, x in ipairs(q.rep.s) do
    if not g.s[x[1]] and not string.match(x[1], ':%d+:%d+$') then g.al = (g.al or 0) + 1 end   -- it was granted alone
    -- the report may have been overtaken: what its owner said has ended has
    local s = g.s[x[1]]; local d = s and s.d or x[4] and now - x[4]
    g.s[x[1]] = {m=q.m, o=x[6], p=x[2], g=now - x[3], l=now + x[5], d=d}
  end
  for id, b in pairs(q.rep.r) do if not g.m[id] then g.m[id] = {b=b, t=fast - SILENT, c=now, j=0, v=-1, ok=true, L=0, W=0}; apart = apart + b; machines = machines + 1 elseif g.m[id] ~= m then local x = g.m[id]; if silent(x) then apart = apart + math.max(0, b - x.b) end; x.b = math.max(x.b, b) end end
  if g.rep then g.rep[q.m] = true end
  if q.rep.ra and q.rep.ra >= 0 and q.rep.ra < SILENT then g.u = 0; g.word = nil end   -- it was there until the end: it knows every machine
end
local function recovered(at) -- what the last 429 left, and one more for each clean window since
  if not g.th.r then return N end
  return math.min(N, g.th.r + math.max(0, math.floor((at - g.th.cf) / W)))
end
for _, x in ipairs(q.tm or {}) do
  local at = now - x[1]
  local to = math.max(g.th.pu, at + x[2])
  if at >= g.th.pu then
    local rate = recovered(at)
    if not g.th.r or at - g.th.ca >= W then rate = math.max(math.min(5, N), math.floor(rate * 0.8)); g.th.ca = at end
    g.th.r = rate
  end
  g.th.pu = to; g.th.cf = to
end
if g.rep and g.q > now then
  local all = next(g.rep) ~= nil and g.u == 0 and not g.word
  for id, _ in pairs(g.m) do if not g.rep[id] then all = false end end
  if all then g.q = 0; for id, _ in pairs(g.o) do redis.call('PUBLISH', ARGV[2] .. id, '') end end
end
if g.q <= now then g.rep = nil; g.word = nil end

-- 7. what counts no more (see news.py): [number, what, when on the slow clock, on the fast one]
local nw = g.nw or {id=q.new, n=0, l={}}; g.nw = nw
local function forgotten(what, ago)
  local slow, quick, kept = now - ago, fast - ago, {}
  for _, x in ipairs(nw.l) do
    if x[2] == what and what ~= '?' then return end
    if not (string.sub(what, 1, 1) == '*' and x[3] <= slow) then kept[#kept+1] = x end
  end
  nw.n = nw.n + 1; kept[#kept+1] = {nw.n, what, slow, quick}
  if #kept > NAMED then
    local first = string.sub(kept[1][2], 1, 1) == '*' and 2 or 1
    local one, next = kept[first], table.remove(kept, first + 1)
    kept[first] = {next[1], '?', math.max(one[3], next[3]), math.max(one[4], next[4])}
  end
  nw.l = kept
end
if q.rep then for _, x in ipairs(q.rep.nw or {}) do forgotten(x[1], x[2]) end end
for _, what in ipairs(q.fo or {}) do forgotten(what, 0) end
local news = {}
for _, x in ipairs(nw.l) do
  if q.nw and (q.nw[1] ~= nw.id or x[1] > q.nw[2]) then news[#news+1] = {x[1], x[2], now - x[3], x[4]} end
end

-- 8. sweep
for id, s in pairs(g.s) do if (s.d or s.l) + W <= now then g.s[id] = nil end end
for id, x in pairs(g.h) do if now - x.t > FROZEN then g.h[id] = nil end end
for id, x in pairs(g.o) do if now - x.t > 2 * hold then g.o[id] = nil end end
for _, x in ipairs(q.hd or {}) do   -- what HubSoft's headers count beyond the slots held, other programs spent
  local used = 0; for _ in pairs(g.s) do used = used + 1 end
  local others = x[2] >= 0 and math.max(0, x[1] - x[2] - used) or 0
  if g.th.hl or x[1] - others < N then g.th.hl = x[1]; g.th.ot = others; g.th.ou = others > 0 and now + W or 0 end
end

-- 9. my part of the line
local heads = {t=now, m=q.m, w={}}
for _, h in ipairs(q.h or {}) do heads.w[h[1]] = {now - h[3], h[2]} end
g.h[q.o] = next(heads.w) and heads or nil

-- 10. the numbers in force
local lowest = recovered(now); for _, x in pairs(g.m) do if x.n and x.n < lowest then lowest = x.n end end
if g.th.hl then lowest = math.min(lowest, g.th.hl - (now < g.th.ou and g.th.ot or 0)) end
lowest = math.max(1, lowest)
local caps, least = {}, q.lim[7]
for c = 1, 4 do caps[c] = lowest < N and math.max(1, math.floor(q.lim[2 + c] * lowest / N + 0.5)) or q.lim[2 + c] end
if lowest < N then least = lowest >= 4 and math.min(least, caps[4]) or 0 end
if g.u > now then apart = math.max(apart, alone_total) else g.u = 0 end   -- set aside for machines that may work alone
for c = 1, 4 do caps[c] = math.max(0, caps[c] - apart) end
local held, low, lastlow = 0, 0, -1e15
for _, s in pairs(g.s) do held = held + 1; if s.p == 4 then low = low + 1; lastlow = math.max(lastlow, s.g) end end
local pace = W / math.max(1, caps[4])
local lowmin = math.min(least, math.max(0, caps[2] - 1))

-- 11. the line in order: class, then the machine that had least of late (start-time fair queueing), then arrival
local line = {}
for id, x in pairs(g.h) do for c, e in pairs(x.w) do line[#line+1] = {o=id, m=x.m, c=c, a=e[1], n=e[2]} end end
local F, V = {}, {}
for c = 1, 4 do V[c] = g.V[c] or 0; F[c] = {}; for k, f in pairs(g.F[c] or {}) do if f > V[c] then F[c][k] = f end end end
local function tag(h) return math.max(V[h.c], F[h.c][h.m] or 0) end
local function lowwaits()   -- of mine what was granted waits no more; of the others what was set aside still does
  for _, h in ipairs(line) do if h.c == 4 and (h.n > 0 or h.o ~= q.o) then return true end end
  return false
end
local function reach(c, owed)              -- `owed`: of LOW's minimum, what it does not hold yet
  if c == 4 and owed > 0 then return caps[2] elseif c == 2 or c == 3 then return math.min(caps[c], caps[2] - owed) end
  return caps[c]
end
local function fits(c) return held < reach(c, low < lowmin and lowwaits() and lowmin - low or 0) end
local paced = math.max(now, lastlow + pace) -- when LOW's next may start
local grants, free = {}, {}                -- mine, and the other processes for which a place is free
local closed = now < math.max(g.th.pu, g.q) or not m.ok
local function serve()
  while true do
    local best
    for _, h in ipairs(line) do
      if h.n > 0 and (not best or h.c < best.c or (h.c == best.c and (tag(h) < tag(best) or (tag(h) == tag(best) and (h.a < best.a or (h.a == best.a and h.o < best.o)))))) and fits(h.c)
         and (h.c ~= 4 or now >= lastlow + pace) then best = h end
    end
    if not best then return end
    local c, start = best.c, tag(best)
    if best.o == q.o then
      local id = q.o .. ':' .. q.n .. ':' .. #grants
      g.s[id] = {m=q.m, o=q.o, p=c, g=now, l=now + q.lease}
      grants[#grants+1] = {id, c}
      V[c] = math.max(V[c], start); F[c][best.m] = start + 1
      best.n = best.n - 1; if c == 4 then paced = now + pace end
      local e = g.h[q.o].w[c]; e[2] = best.n; if best.n == 0 then g.h[q.o].w[c] = nil end
    else
      free[best.o] = true
      F[c][best.m] = start + 1; best.n = best.n - 1; best.v = (best.v or 0) + 1
    end
    held = held + 1; if c == 4 then low = low + 1; lastlow = now end
  end
end
if not closed then
  serve()
  -- keep the tags of what was really granted, not of what was only set aside
  for c = 1, 4 do for _, h in ipairs(line) do if h.v then F[c][h.m] = h.c == c and (F[c][h.m] or 0) - h.v or F[c][h.m] end end end
  g.F = F; g.V = V
end
if g.h[q.o] and not next(g.h[q.o].w) then g.h[q.o] = nil end

-- 12. when to look again: the moment the place for my first head comes free, those ahead of it served first
local again = 60000
if next(heads.w) then
  if closed then again = math.max(g.th.pu, g.q) - now; if not m.ok then again = math.min(2000, 50 + now - (m.a or 0), others_live) end
  else
    local frees, lows, waits = {}, 0, lowwaits()
    for _, s in pairs(g.s) do frees[#frees+1] = {(s.d or math.min(now, s.l)) + W, s.p}; if s.p == 4 then lows = lows + 1 end end
    table.sort(frees, function(x, y) return x[1] < y[1] end)
    local function place(h)
      local critical, all, same = 0, 0, 0  -- that go before it
      for _, x in ipairs(line) do
        local n = x.n + (x.v or 0)
        if x.c < h.c then all = all + n; if x.c == 1 then critical = critical + n end
        elseif x.c == h.c and x ~= h and n > 0 then
          local apart = tag(h) - tag(x)
          if x.a < h.a or (x.a == h.a and x.o < h.o) then apart = apart + 1 end
          same = same + math.max(0, math.min(n, apart))
        end
      end
      local left = lows
      for i = 0, #frees do
        if i > 0 and frees[i][2] == 4 then left = left - 1 end
        local owed = waits and math.max(0, lowmin - left) or 0
        local before, limit = all + same, caps[4]
        if h.c < 4 then limit = reach(h.c, owed) elseif same < owed then before, limit = critical + same, caps[2] end
        if #frees - i + before < limit then return i > 0 and frees[i][1] or now + (h.c < 4 and 200 or 1), same end
      end
      return now + W, same
    end
    for _, h in ipairs(line) do if h.o == q.o and h.n > 0 then
      local at, same = place(h)
      if h.c == 4 then at = math.max(at, paced + pace * same) end
      again = math.min(again, at - now)
    end end
  end
end
-- 13. others may start now, and were told to look only later (the line before them changed): wake them, once
for each, _ in pairs(free) do
  local o = g.o[each]
  if o and (o.w or 0) > now then o.w = nil; redis.call('PUBLISH', ARGV[2] .. each, '') end
end

-- 14. questions that the caller asks go on: a call of their own would cost more than all these
for _, c in ipairs(q.cl or {}) do
  local key = ARGV[3] .. c[1]; local claim = redis.pcall('GET', key)
  local owner, fence = string.match(type(claim) == 'string' and claim or '', '^([^|]*)|%d+|(%d+)|')
  if owner == q.o and fence == c[2] then redis.call('SET', key, claim, 'PX', q.cs) end
end

-- 15. the right to work alone. What a machine may believe counts until it has said that it knows better.
local share = 0
if m.ok and known_to_all and g.q <= now and g.u == 0 then share = math.min(ALONE, math.max(1, math.floor(alone_total / machines))) end
local others = 0; for _, x in pairs(g.m) do if x ~= m then others = others + x.b end end
share = math.max(0, math.min(share, alone_total - others))
m.b = math.max(q.b or 0, share)
if q.bye then m.b = 0; share = 0; g.h[q.o] = nil; g.m[q.m] = nil; machines = machines - 1 end
local roster = {}; for id, x in pairs(g.m) do roster[id] = x.b end
-- the picture: [started ago, free in, class, whose] and [class, waiting, since], for looking only
local slots, queue = {}, {}
for _, s in pairs(g.s) do slots[#slots+1] = {now - s.g, (s.d or s.l) + W - now, s.p, s.o == q.o and 1 or 0} end
for _, h in ipairs(line) do if h.o ~= q.o then queue[#queue+1] = {h.c, h.n + (h.v or 0), now - h.a} end end
local a = answer('ok', {g=grants, w=math.max(1, math.ceil(again)), n=lowest, apart=apart, b=share, r=roster, L=L,
  need=(g.rep and not g.rep[q.m]) and 1 or 0, pu=math.max(0, g.th.pu - now), qu=math.max(0, g.q - now),
  un=math.max(0, g.u - now), hl=g.th.hl, H=g.J or 0, ot=g.th.ot, ou=g.th.ou and math.max(0, g.th.ou - now), sl=slots, ln=queue, nw={nw.id, nw.n}, fo=news, vs=versions})
g.o[q.o] = {q=q.n, m=q.m, a=#grants > 0 and a or nil, t=now, w=now + again}
redis.call('SET', KEYS[1], cmsgpack.pack(g))
return a
