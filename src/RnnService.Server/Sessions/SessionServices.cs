using RnnService.Server.Options;

namespace RnnService.Server.Sessions;

/// <summary>Registers what sessions need.</summary>
internal static class SessionServices
{
    /// <exception cref="OptionsException">The options cannot be used.</exception>
    public static IServiceCollection AddSessions(this IServiceCollection services, GenerationSessionOptions options)
    {
        if (options is { Store: GenerationSessionOptions.InRedis, Redis: "" })
            throw new OptionsException(["Rnn:Sessions:Redis is empty; expected the servers that Rnn:Sessions:Store names"]);
        if (options.Redis.Length > 0) RedisConnection.Read(options.Redis);
        services.AddSingleton(options).AddSingleton<SessionMetrics>().AddSingleton<StateSeal>().AddSingleton<RedisConnection>().AddSingleton<GenerationSessions>();
        KeyRing.Add(services, options);
        return options.Store switch
        {
            GenerationSessionOptions.Memory => services.AddSingleton<ISessionStore, MemorySessionStore>(),
            GenerationSessionOptions.InRedis => services.AddSingleton<ISessionStore, RedisSessionStore>(),
            _ => services,
        };
    }
}
