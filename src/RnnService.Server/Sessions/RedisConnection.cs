using RnnService.Server.Options;
using RnnService.Server.Requests;
using StackExchange.Redis;

namespace RnnService.Server.Sessions;

/// <summary>
/// The connection to Redis, made when it is first needed. While there is none, requests that need it are refused at once, and it comes back by itself.
/// Thread-safe.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    /// <summary>Milliseconds that connecting or a command may take.</summary>
    private const int Patience = 2_000;

    /// <summary>Most milliseconds from one attempt to connect to the next.</summary>
    private const int Pause = 5_000;

    private readonly Lazy<Task<ConnectionMultiplexer>> _connection;

    public RedisConnection(GenerationSessionOptions options, ILogger<RedisConnection> logger) =>
        _connection = new Lazy<Task<ConnectionMultiplexer>>(() => OpenAsync(Read(options.Redis), logger));

    /// <summary>Reads the servers and sets how they are spoken to.</summary>
    /// <exception cref="OptionsException">They cannot be read.</exception>
    public static ConfigurationOptions Read(string servers)
    {
        try
        {
            var configuration = ConfigurationOptions.Parse(servers);
            configuration.AbortOnConnectFail = false;
            configuration.BacklogPolicy = BacklogPolicy.FailFast;
            configuration.ReconnectRetryPolicy = new ExponentialRetry(Pause / 10, Pause);
            (configuration.ConnectTimeout, configuration.SyncTimeout, configuration.AsyncTimeout) = (Patience, Patience, Patience);
            return configuration;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            // Not quoted: it may hold a password.
            throw new OptionsException(["Rnn:Sessions:Redis cannot be read; expected servers such as redis:6379,password=…"]);
        }
    }

    /// <summary>The database, connected or not: its commands fail while it is not.</summary>
    public async Task<IDatabase> ConnectAsync() => (await _connection.Value).GetDatabase();

    /// <summary>The same for who cannot wait; connects first where nobody has.</summary>
    public IDatabase Database() => ConnectAsync().GetAwaiter().GetResult();

    /// <summary>Runs a command.</summary>
    /// <exception cref="RequestProblem">Redis cannot be reached.</exception>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> command)
    {
        try
        {
            return await command(await ConnectAsync());
        }
        catch (Exception exception) when (exception is RedisException or RedisCommandException or TimeoutException)
        {
            throw new RequestProblem(ProblemKind.SessionsUnavailable, "the store of sessions cannot be reached");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection.IsValueCreated) await (await _connection.Value).DisposeAsync();
    }

    private static async Task<ConnectionMultiplexer> OpenAsync(ConfigurationOptions configuration, ILogger logger)
    {
        ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(configuration);
        connection.ConnectionFailed += (_, _) => SessionLog.RedisLost(logger);
        connection.ConnectionRestored += (_, _) => SessionLog.RedisBack(logger);
        if (!connection.IsConnected) SessionLog.RedisLost(logger);
        return connection;
    }
}
