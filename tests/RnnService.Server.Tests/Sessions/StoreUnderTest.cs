using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging.Abstractions;
using RnnService.Server.Options;
using RnnService.Server.Sessions;

namespace RnnService.Server.Tests.Sessions;

/// <summary>A store of sessions, with what it stands on.</summary>
internal sealed class StoreUnderTest : IAsyncDisposable
{
    private RedisConnection? _connection;

    public required ISessionStore Store { get; init; }

    public RedisServer? Redis { get; private init; }

    public static async Task<StoreUnderTest> StartAsync(string kind, TimeProvider clock)
    {
        if (kind == GenerationSessionOptions.Memory) return new() { Store = new MemorySessionStore(new GenerationSessionOptions(), clock) };
        RedisServer redis = await RedisServer.StartAsync();
        var options = new GenerationSessionOptions { Redis = redis.Address };
        var connection = new RedisConnection(options, NullLogger<RedisConnection>.Instance);
        var ring = new KeyRing(new EphemeralDataProtectionProvider(), options, connection, clock, NullLogger<KeyRing>.Instance);
        return new() { Store = new RedisSessionStore(connection, new StateSeal(ring, clock), clock), Redis = redis, _connection = connection };
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        if (Redis is not null) await Redis.DisposeAsync();
    }
}
