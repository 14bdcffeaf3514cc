namespace FirstCome.IssueService.Gate;

/// <summary>Brings a campaign's change into its open gate.</summary>
internal static class ConfigureScript
{
    /// <summary>
    /// KEYS: control. ARGV: generation, version, phase, opensAt, closesAt, quota, released, per member, 1 where the quota must not fall below what was given out.
    /// An older version changes nothing. A limit that grows after the gate was full holds numbers back for two seconds, so that no winner meets an older filter.
    /// Answers <c>ok|version|winners</c>, or <c>below|winners</c>.
    /// </summary>
    public const string Text = ClaimScript.Prologue + """
        local grown = tonumber(ARGV[6]) + math.max(tonumber(ARGV[7]), tonumber(c[8]))
        if tonumber(ARGV[2]) > tonumber(c[14]) then
          if ARGV[9] == '1' and grown < w then return 'below|' .. c[11] end
          redis.call('HSET', KEYS[1], 'v', ARGV[2], 'p', ARGV[3], 'o', ARGV[4], 'c', ARGV[5], 'q', ARGV[6], 'pm', ARGV[8])
        else
          grown = tonumber(c[7]) + math.max(tonumber(ARGV[7]), tonumber(c[8]))
        end
        if tonumber(ARGV[7]) > tonumber(c[8]) then redis.call('HSET', KEYS[1], 'rel', ARGV[7]) end
        if grown > limit and w >= limit then redis.call('HSET', KEYS[1], 'hold', string.format('%.0f', now + 2000)) end
        return 'ok|' .. redis.call('HGET', KEYS[1], 'v') .. '|' .. c[11]
        """;
}

/// <summary>The scripts of a rebuild; see ARCHITECTURE.md ("Generations and rebuild") and the model.</summary>
internal static class RebuildScripts
{
    /// <summary>
    /// Is the gate there and to be trusted? KEYS: control. Answers <c>open|generation|buckets|filterBits|run id</c>, <c>rebuilding|generation</c> or <c>lost</c>.
    /// </summary>
    public const string Look = """
        local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
        local c = redis.call('HMGET', KEYS[1], 'g', 'r', 'rg', 'rr', 'b', 'fb')
        if c[3] then
          if c[4] == run then return 'rebuilding|' .. c[3] end
          return 'lost'
        end
        if not c[1] or c[2] ~= run then return 'lost' end
        return 'open|' .. c[1] .. '|' .. c[5] .. '|' .. c[6] .. '|' .. run
        """;

    /// <summary>
    /// Closes the gate for a rebuild. KEYS: control, group. ARGV: generation, 1 where the campaign is in a group. Only over an older generation: answers <c>own|run|now|group</c> (group: 1 where
    /// the group's members were loaded on this process), else <c>later</c>; or <c>evicts|policy</c> where the server may throw winners away when its memory is full.
    /// </summary>
    public const string Close = """
        local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
        local c = redis.call('HMGET', KEYS[1], 'g', 'rg')
        local mine = tonumber(ARGV[1])
        local policy = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:(%S+)')
        if policy and policy ~= 'noeviction' then return 'evicts|' .. policy end
        if (c[1] and tonumber(c[1]) >= mine) or (c[2] and tonumber(c[2]) >= mine) then return 'later' end
        redis.call('HSET', KEYS[1], 'rg', ARGV[1], 'rr', run)
        local group = '0'
        if ARGV[2] == '1' and redis.call('HGET', KEYS[2], 'r') == run then group = '1' end
        local t = redis.call('TIME')
        return 'own|' .. run .. '|' .. string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)) .. '|' .. group
        """;

    /// <summary>
    /// Opens the gate if the rebuild is still this one on this process. KEYS: control, group. ARGV: generation, run id, 1 where the campaign is in a group, then name and value of each field of the control.
    /// Answers <c>opened</c> or <c>later</c>.
    /// </summary>
    public const string Open = """
        local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
        local c = redis.call('HMGET', KEYS[1], 'rg', 'rr')
        if c[1] ~= ARGV[1] or c[2] ~= run or run ~= ARGV[2] then return 'later' end
        if ARGV[3] == '1' then redis.call('HSET', KEYS[2], 'r', run) end
        redis.call('HDEL', KEYS[1], 'rg', 'rr')
        redis.call('HSET', KEYS[1], 'g', ARGV[1], 'r', run)
        for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
        return 'opened'
        """;
}
