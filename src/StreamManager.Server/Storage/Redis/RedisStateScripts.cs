namespace StreamManager.Server.Storage.Redis;

/// <summary>What Redis does in one step for the store. Numbers are passed on as text, since those of Lua lose digits above 2^53.</summary>
internal static class RedisStateScripts
{
    /// <summary>A string that is not too long is a document, and anything else is none, whoever put it there. A document that somebody else wrote has version 1.</summary>
    private const string Documents = """
        local function is_document(key, largest)
          local size = redis.pcall('STRLEN', key)
          return type(size) == 'number' and size <= largest and (size > 0 or redis.call('EXISTS', key) == 1)
        end
        local function version_of(sidecar)
          local version = redis.pcall('GET', sidecar)
          return type(version) == 'string' and #version <= 18 and string.match(version, '^[1-9]%d*$') or '1'
        end

        """;

    /// <summary>
    /// Keys: a document and its version, as often as wanted. Arguments: the largest body. Reply: for each document its body, version and expiry (Unix time in milliseconds; below 0: none), or nothing.
    /// </summary>
    public static RedisScript Read { get; } = new(Documents + """
        local largest = tonumber(ARGV[1])
        local documents = {}
        for i = 1, #KEYS, 2 do
          if is_document(KEYS[i], largest) then
            documents[#documents + 1] = { redis.call('GET', KEYS[i]), version_of(KEYS[i + 1]), redis.call('PEXPIRETIME', KEYS[i]) }
          else
            documents[#documents + 1] = false
          end
        end
        return documents
        """);

    /// <summary>
    /// Keys: the counter; then a document and its version for each change. Arguments: the channel, the largest body; then for each change: put or remove, the expected version or empty, expiry or empty,
    /// kind, id, body. Reply: the new version; or the place of the first change that expects another version, from 1, and the version that is there. All is checked before anything is changed, and the
    /// first command that changes something is also the one that Redis refuses when it can take no writes. A counter that is not there begins at the time in microseconds: nobody writes a million times a
    /// second, so that no version comes again after the Redis was emptied.
    /// </summary>
    public static RedisScript Write { get; } = new(Documents + $$"""
        local largest = tonumber(ARGV[2])
        local writes = {}
        for i = 1, (#KEYS - 1) / 2 do
          local at = 2 + (i - 1) * 6
          local write = { key = KEYS[i * 2], sidecar = KEYS[i * 2 + 1], is_put = ARGV[at + 1] == 'put', expires = ARGV[at + 3], name = ARGV[at + 4] .. ' ' .. ARGV[at + 5], body = ARGV[at + 6] }
          local expected = ARGV[at + 2]
          write.actual = is_document(write.key, largest) and version_of(write.sidecar) or '0'
          if expected ~= '' and expected ~= write.actual then
            return { i, write.actual }
          end
          writes[i] = write
        end
        if redis.call('EXISTS', KEYS[1]) == 0 then
          local time = redis.call('TIME')
          redis.call('SET', KEYS[1], string.format('%s%06d', time[1], time[2]))
        end
        redis.call('INCR', KEYS[1])
        local version = redis.call('GET', KEYS[1])
        local told = { version }
        for _, write in ipairs(writes) do
          if write.is_put then
            if write.expires == '' then
              redis.call('SET', write.key, write.body)
              redis.call('SET', write.sidecar, version)
            else
              redis.call('SET', write.key, write.body, 'PXAT', write.expires)
              redis.call('SET', write.sidecar, version, 'PXAT', write.expires)
            end
            told[#told + 1] = '{{RedisChangeMessage.Written}} ' .. write.name
          else
            redis.call('DEL', write.sidecar)
            if write.actual ~= '0' then
              redis.call('DEL', write.key)
              told[#told + 1] = '{{RedisChangeMessage.Removed}} ' .. write.name
            end
          end
        end
        if #told > 1 then
          redis.call('PUBLISH', ARGV[1], table.concat(told, '\n') .. '\n')
        end
        return version
        """);

    /// <summary>Keys: the journal, that of the audit. Arguments: time and body of each entry, and 1 when it is of the audit. Reply: the position of the last.</summary>
    public static RedisScript Append { get; } = new($$"""
        local position
        for i = 1, #ARGV, 3 do
          position = redis.call('XADD', KEYS[1], '*', '{{RedisEventJournal.TimeField}}', ARGV[i], '{{RedisEventJournal.BodyField}}', ARGV[i + 1])
          if ARGV[i + 2] == '1' then
            redis.call('XADD', KEYS[2], position, '{{RedisEventJournal.TimeField}}', ARGV[i], '{{RedisEventJournal.BodyField}}', ARGV[i + 1])
          end
        end
        return position
        """);

    /// <summary>
    /// Keys: the journal, that of the audit. Arguments: a time. Reply: the position of the oldest entry that is not older, or nothing. Positions are two numbers, a time of Redis in milliseconds and a place
    /// within it: the first is halved over the whole stream, the second over the entries of the millisecond before the one that was found, which may begin before the time and end after it. An entry that
    /// is none of ours counts as one that is not older. More than 64 halves there are not, whatever somebody put in.
    /// </summary>
    public static RedisScript Find { get; } = new($$"""
        local function parts(id)
          local high, low = string.match(id, '^(%d+)-(%d+)$')
          return tonumber(high), tonumber(low)
        end
        local function text(number)
          return string.format('%.0f', number)
        end
        -- The first entry from one position to another: its position, when it is not older than wanted; and the one of any.
        local function first(stream, from, to)
          local entry = redis.call('XRANGE', stream, from, to, 'COUNT', 1)[1]
          if not entry then
            return nil, nil
          end
          local is_old = entry[2][1] == '{{RedisEventJournal.TimeField}}' and entry[2][2] < ARGV[1]
          return not is_old and entry[1] or nil, entry[1]
        end
        local function halve(low, high, look)
          local found
          for _ = 1, 64 do
            if low > high then
              break
            end
            local middle = math.floor(low + (high - low) / 2)
            local young, any = look(middle)
            if young or not any then
              found = young or found
              high = middle - 1
            else
              low = middle + 1
            end
          end
          return found
        end
        local function find(stream)
          local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
          if not oldest then
            return nil
          end
          local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1][1]
          local found = halve((parts(oldest[1])), (parts(newest)), function(at) return first(stream, text(at), '+') end)
          -- What is young among the last entries before it began in the same millisecond as an old one.
          local before = redis.call('XREVRANGE', stream, found and '(' .. found or '+', '-', 'COUNT', 1)[1]
          if not before then
            return found
          end
          local at, last = parts(before[1])
          return halve(0, last, function(place) return first(stream, text(at) .. '-' .. text(place), text(at) .. '-' .. text(last)) end) or found
        end
        local found, audit = find(KEYS[1]), find(KEYS[2])
        if found and audit then
          local high, low = parts(found)
          local audit_high, audit_low = parts(audit)
          return (audit_high < high or (audit_high == high and audit_low < low)) and audit or found
        end
        return found or audit
        """);

    /// <summary>
    /// Keys: the journal. Arguments: the oldest time to keep, the number of entries to keep, how many entries to look at. Reply: how many were dropped for their age; as many as were looked at: there may
    /// be more.
    /// </summary>
    public static RedisScript Trim { get; } = new($$"""
        redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[2])
        local old = {}
        for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[3])) do
          local fields = entry[2]
          if fields[1] == '{{RedisEventJournal.TimeField}}' and fields[2] >= ARGV[1] then
            break
          end
          old[#old + 1] = entry[1]
        end
        if #old > 0 then
          redis.call('XDEL', KEYS[1], unpack(old))
        end
        return #old
        """);
}
