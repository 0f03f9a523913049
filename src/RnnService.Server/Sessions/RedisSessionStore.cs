using StackExchange.Redis;

namespace RnnService.Server.Sessions;

/// <summary>
/// Keeps sessions in Redis, sealed, under a digest of owner and id. A request takes a session by a lease, which ends by itself where a replica does; one
/// that outlasts its lease is safe all the same, as a state replaces only the one that its request began with. Thread-safe.
/// </summary>
internal sealed class RedisSessionStore(RedisConnection redis, StateSeal seal, TimeProvider time) : ISessionStore
{
    /// <summary>Longer than nearly all requests, and as long as clients of a replica that was killed wait for their sessions.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LongestRequest = TimeSpan.FromHours(1);

    /// <summary>Takes the lease of a session, unless another has it, and reads the session.</summary>
    private const string Take = """
        if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
        if redis.call('HGET', KEYS[1], 'position') == 'deleted' then redis.call('DEL', KEYS[1]) end
        return redis.call('HGET', KEYS[1], 'state')
        """;

    /// <summary>Compares the position with the one that the request began with and sets the session.</summary>
    private const string Save = """
        local holder = redis.call('GET', KEYS[2])
        if holder and holder ~= ARGV[1] then return 0 end
        if (redis.call('HGET', KEYS[1], 'position') or '') ~= ARGV[2] then return 0 end
        redis.call('HSET', KEYS[1], 'position', ARGV[3], 'state', ARGV[4])
        redis.call('PEXPIRE', KEYS[1], ARGV[5])
        if holder then redis.call('DEL', KEYS[2]) end
        return 1
        """;

    /// <summary>Removes the session. Where a request has it, a mark stays for as long as that may take, so that what it saves is not taken for a new one.</summary>
    private const string Delete = """
        redis.call('DEL', KEYS[1])
        if redis.call('DEL', KEYS[2]) == 0 then return end
        redis.call('HSET', KEYS[1], 'position', 'deleted')
        redis.call('PEXPIRE', KEYS[1], ARGV[1])
        """;

    private const string Release = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end";

    public async Task<SessionLease> TakeAsync(SessionName name)
    {
        string token = SessionLease.NewToken();
        RedisResult found = await redis.RunAsync(database =>
            database.ScriptEvaluateAsync(Take, Keys(name), [token, (long)Lease.TotalMilliseconds]));
        if (found.Resp3Type == ResultType.Integer) throw SessionLease.Busy();
        if (found.IsNull) return new SessionLease(name, token, null);
        SessionState? state = await seal.OpenAsync(name, (byte[])found!);
        if (state?.Expires > time.GetUtcNow()) return new SessionLease(name, token, state);
        await redis.RunAsync(database => database.KeyDeleteAsync(Keys(name)[0])); // too old, or sealed by keys that are gone
        return new SessionLease(name, token, null);
    }

    public async Task SaveAsync(SessionLease lease, SessionState state)
    {
        byte[] sealedState = await seal.SealAsync(lease.Name, state);
        long left = Math.Max(1, (long)(state.Expires - time.GetUtcNow()).TotalMilliseconds);
        RedisResult saved = await redis.RunAsync(database => database.ScriptEvaluateAsync(Save, Keys(lease.Name),
            [lease.Token, lease.State is { } before ? before.Position : RedisValue.EmptyString, state.Position, sealedState, left]));
        if ((long)saved == 0) throw SessionLease.Busy();
    }

    public Task ReleaseAsync(SessionLease lease) => redis.RunAsync(database =>
        database.ScriptEvaluateAsync(Release, [Keys(lease.Name)[1]], [lease.Token]));

    public Task DeleteAsync(SessionName name) => redis.RunAsync(database =>
        database.ScriptEvaluateAsync(Delete, Keys(name), [(long)LongestRequest.TotalMilliseconds]));

    /// <summary>Of the session and of its lease, which a cluster keeps together.</summary>
    private static RedisKey[] Keys(SessionName name)
    {
        string session = $"rnn:session:{{{name.Digest()}}}";
        return [session, session + ":lease"];
    }
}
