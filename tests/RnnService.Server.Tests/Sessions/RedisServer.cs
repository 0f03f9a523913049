using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace RnnService.Server.Tests.Sessions;

/// <summary>A real Redis of one test, where redis-server is installed; elsewhere the test is skipped.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private const string Program = "redis-server";

    private readonly int _port;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-redis-");
    private Process? _process;

    private RedisServer(int port) => _port = port;

    public string Address => $"127.0.0.1:{_port}";

    /// <summary>An address at which nothing listens.</summary>
    public static string NoAddress => $"127.0.0.1:{FreePort()}";

    public static async Task<RedisServer> StartAsync()
    {
        bool isThere = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, Program)));
        Assert.SkipUnless(isThere, $"no {Program} found: install Redis");
        var server = new RedisServer(FreePort());
        await server.BeginAsync();
        return server;
    }

    /// <summary>Starts it, for the first time or again.</summary>
    public async Task BeginAsync()
    {
        _process = Process.Start(new ProcessStartInfo(
            Program, ["--port", $"{_port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder.FullName])
        { RedirectStandardOutput = true })!;
        while (await _process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("Ready to accept", StringComparison.Ordinal))
        {
        }

        _ = _process.StandardOutput.ReadToEndAsync(); // so that it never waits for a reader
    }

    /// <summary>Ends it as a crash does.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>All keys with what they hold.</summary>
    public async Task<string> DumpAsync()
    {
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(Address);
        IDatabase database = connection.GetDatabase();
        var lines = new List<string>();
        await foreach (RedisKey key in connection.GetServers()[0].KeysAsync())
        {
            lines.Add(key!);
            if (await database.KeyTypeAsync(key) == RedisType.Hash) lines.AddRange((await database.HashGetAllAsync(key)).Select(one => $"{one.Name} {one.Value}"));
            if (await database.KeyTypeAsync(key) == RedisType.List) lines.AddRange((await database.ListRangeAsync(key)).Select(one => $"{one}"));
        }

        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await KillAsync();
        _folder.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
