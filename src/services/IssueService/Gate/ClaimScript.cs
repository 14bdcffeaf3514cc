namespace FirstCome.IssueService.Gate;

/// <summary>Decides claims of one campaign, many in one call. See <see cref="GateKeys"/> for the keys.</summary>
internal static class ClaimScript
{
    /// <summary>
    /// What every script of an open gate begins with: is it there, opened on this very process, and of the generation that the caller's keys are named by?
    /// Answers <c>lost</c>, <c>rebuilding</c> or <c>moved|g|b|fb|run</c> otherwise. KEYS[1] control; ARGV[1] generation.
    /// </summary>
    public const string Prologue = """
        local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
        local c = redis.call('HMGET', KEYS[1], 'g', 'r', 'rg', 'p', 'o', 'c', 'q', 'rel', 'pm', 'n', 'w', 'at', 'hold', 'v', 'b', 'fb', 'fg')
        if c[3] then return 'rebuilding' end
        if not c[1] or c[2] ~= run then return 'lost' end
        if c[1] ~= ARGV[1] then return 'moved|' .. c[1] .. '|' .. c[15] .. '|' .. c[16] .. '|' .. run end
        local t = redis.call('TIME')
        local now = t[1] * 1000 + math.floor(t[2] / 1000)
        local limit = c[7] + c[8]
        local w = tonumber(c[11])

        """;

    /// <summary>
    /// KEYS: control, unlogged, filter, then the winners' buckets and group's buckets that the claims name.
    /// ARGV: generation, then for each claim member (16 bytes), key hash (16), mode ('e' eligible, 'n' not eligible), and big-endian the index of the winners' bucket in KEYS (2 bytes),
    /// the index of the group's bucket (2; 0 without a group) and the filter's bit (4). What a batch has in common is written in one call: each call from Lua costs as much as a claim's arithmetic.
    /// Answers <c>ok|now|version|limit|winners|unlogged</c> and for each claim one of
    /// <c>;w,sequence,nth,acceptedAt</c> a new winner · <c>;r,sequence,nth,acceptedAt</c> the same again, logged · <c>;u,sequence,nth,acceptedAt</c> the same again, without the mark ·
    /// <c>;o</c> not open yet · <c>;c</c> closed · <c>;p</c> paused · <c>;n</c> not eligible · <c>;g</c> not the first of the group · <c>;l</c> limit reached · <c>;s</c> sold out ·
    /// <c>;x</c> cannot be said yet: the places are taken by reservations without a mark, or the gate holds back after a raise.
    /// </summary>
    public const string Text = Prologue + """
        local closed = c[4] == 'c' or now >= tonumber(c[6])
        local early = now < tonumber(c[5])
        local paused = c[4] == 'p'
        local pm = tonumber(c[9])
        local n, at, hold = tonumber(c[10]), tonumber(c[12]), tonumber(c[13])
        local unlogged = redis.call('HLEN', KEYS[2])
        local before = n
        local out, reserved, bits = {}, {}, {}
        for i = 2, #ARGV do
          local a = ARGV[i]
          local member, key = string.sub(a, 1, 16), string.sub(a, 17, 32)
          local mode, k1, k2, g1, g2, f1, f2, f3, f4 = string.byte(a, 33, 41)
          local bucket = KEYS[k1 * 256 + k2]
          local held = redis.call('HGET', bucket, member) or ''
          local found = 0
          for p = 1, #held, 27 do
            if string.sub(held, p + 11, p + 26) == key then found = p end
          end
          if found > 0 then
            local s1, s2, s3, s4, s5, a1, a2, a3, a4, a5, a6 = string.byte(held, found, found + 10)
            local sequence = string.format('%.0f', (((s1 * 256 + s2) * 256 + s3) * 256 + s4) * 256 + s5)
            local accepted = string.format('%.0f', ((((a1 * 256 + a2) * 256 + a3) * 256 + a4) * 256 + a5) * 256 + a6)
            local mark = 'r'
            if tonumber(sequence) > before or (unlogged > 0 and redis.call('HEXISTS', KEYS[2], sequence) == 1) then mark = 'u' end
            out[#out + 1] = ';' .. mark .. ',' .. sequence .. ',' .. string.format('%d', (found - 1) / 27 + 1) .. ',' .. accepted
          elseif early then out[#out + 1] = ';o'
          elseif closed then out[#out + 1] = ';c'
          elseif paused then out[#out + 1] = ';p'
          elseif mode ~= 101 then out[#out + 1] = ';n'
          elseif c[17] == '1' and redis.call('HEXISTS', KEYS[g1 * 256 + g2], member) == 1 then out[#out + 1] = ';g'
          elseif #held >= pm * 27 then out[#out + 1] = ';l'
          elseif w >= limit then
            if unlogged == 0 then out[#out + 1] = ';s' else out[#out + 1] = ';x' end
          elseif now < hold then out[#out + 1] = ';x'
          else
            n = n + 1
            w = w + 1
            unlogged = unlogged + 1
            if now > at then at = now end
            local f = math.floor
            local entry = string.char(
              f(n / 4294967296) % 256, f(n / 16777216) % 256, f(n / 65536) % 256, f(n / 256) % 256, n % 256,
              f(at / 1099511627776) % 256, f(at / 4294967296) % 256, f(at / 16777216) % 256, f(at / 65536) % 256, f(at / 256) % 256, at % 256)
            local nth = #held / 27 + 1
            local sequence, accepted = string.format('%.0f', n), string.format('%.0f', at)
            redis.call('HSET', bucket, member, held .. entry .. key)
            reserved[#reserved + 1] = sequence
            reserved[#reserved + 1] = member .. string.char(nth) .. key .. accepted
            bits[#bits + 1] = 'SET'
            bits[#bits + 1] = 'u1'
            bits[#bits + 1] = string.format('%.0f', ((f1 * 256 + f2) * 256 + f3) * 256 + f4)
            bits[#bits + 1] = '1'
            if g1 + g2 > 0 then redis.call('HSETNX', KEYS[g1 * 256 + g2], member, '1') end
            out[#out + 1] = ';w,' .. sequence .. ',' .. string.format('%d', nth) .. ',' .. accepted
          end
        end
        if n > before then
          redis.call('HSET', KEYS[2], unpack(reserved))
          redis.call('BITFIELD', KEYS[3], unpack(bits))
          redis.call('HSET', KEYS[1], 'n', string.format('%.0f', n), 'w', string.format('%.0f', w), 'at', string.format('%.0f', at))
        end
        return 'ok|' .. string.format('%.0f', now) .. '|' .. c[14] .. '|' .. string.format('%.0f', limit) .. '|' .. string.format('%.0f', w) .. '|' .. string.format('%.0f', unlogged) .. table.concat(out)
        """;
}

/// <summary>Marks sequences that the log has acknowledged, many in one call.</summary>
internal static class MarkScript
{
    /// <summary>
    /// KEYS: control, unlogged, then the winners' buckets. ARGV: generation of the records, then for each claim member (16 bytes), index of its bucket in KEYS, '@', sequence.
    /// Answers <c>ok|</c> and a digit for each: 1 marked (or marked before), 0 the member does not hold that number in this gate.
    /// </summary>
    public const string Text = ClaimScript.Prologue + """
        local out = {}
        local gone = {}
        for i = 2, #ARGV do
          local a = ARGV[i]
          local member = string.sub(a, 1, 16)
          local wk, sequence = string.match(a, '^(%d+)@(%d+)$', 17)
          local reserved = redis.call('HGET', KEYS[2], sequence)
          if reserved then
            if string.sub(reserved, 1, 16) == member then gone[#gone + 1] = sequence; out[#out + 1] = '1' else out[#out + 1] = '0' end
          else
            local held = redis.call('HGET', KEYS[tonumber(wk)], member) or ''
            local holds = '0'
            for p = 1, #held, 27 do
              local s1, s2, s3, s4, s5 = string.byte(held, p, p + 4)
              if string.format('%.0f', (((s1 * 256 + s2) * 256 + s3) * 256 + s4) * 256 + s5) == sequence then holds = '1' end
            end
            out[#out + 1] = holds
          end
        end
        if #gone > 0 then redis.call('HDEL', KEYS[2], unpack(gone)) end
        return 'ok|' .. table.concat(out)
        """;
}

/// <summary>What a member holds in a gate.</summary>
internal static class HeldScript
{
    /// <summary>
    /// KEYS: control, unlogged, the member's bucket. ARGV: generation, member. Answers <c>ok</c> and for each claim <c>;r,sequence,nth,acceptedAt</c>, or <c>;u,…</c> where the mark is missing.
    /// </summary>
    public const string Text = ClaimScript.Prologue + """
        local held = redis.call('HGET', KEYS[3], ARGV[2]) or ''
        local out = {}
        for p = 1, #held, 27 do
          local s1, s2, s3, s4, s5, a1, a2, a3, a4, a5, a6 = string.byte(held, p, p + 10)
          local sequence = string.format('%.0f', (((s1 * 256 + s2) * 256 + s3) * 256 + s4) * 256 + s5)
          local accepted = string.format('%.0f', ((((a1 * 256 + a2) * 256 + a3) * 256 + a4) * 256 + a5) * 256 + a6)
          local mark = 'r'
          if redis.call('HEXISTS', KEYS[2], sequence) == 1 then mark = 'u' end
          out[#out + 1] = ';' .. mark .. ',' .. sequence .. ',' .. string.format('%d', (p - 1) / 27 + 1) .. ',' .. accepted
        end
        return 'ok' .. table.concat(out)
        """;
}

/// <summary>Whether a gate is sold out, with the filter of its winners, read at one moment.</summary>
internal static class SoldOutScript
{
    /// <summary>KEYS: control, unlogged, filter. ARGV: generation. Answers <c>sold|version|closesAt|phase|filter</c> only while every place is taken by a marked claim, else <c>open</c>.</summary>
    public const string Text = ClaimScript.Prologue + """
        if w < limit or redis.call('HLEN', KEYS[2]) > 0 then return 'open' end
        return 'sold|' .. c[14] .. '|' .. c[6] .. '|' .. c[4] .. '|' .. (redis.call('GET', KEYS[3]) or '')
        """;
}

/// <summary>The numbers of a gate, and the reservations without a mark.</summary>
internal static class NumbersScript
{
    /// <summary>KEYS: control, unlogged. ARGV: generation. Answers <c>ok|winners|unlogged|highest|version|limit|now</c>.</summary>
    public const string Text = ClaimScript.Prologue + """
        return 'ok|' .. c[11] .. '|' .. redis.call('HLEN', KEYS[2]) .. '|' .. c[10] .. '|' .. c[14] .. '|' .. string.format('%.0f', limit) .. '|' .. string.format('%.0f', now)
        """;
}
