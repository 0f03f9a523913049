using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Hosting;

/// <summary>
/// Bounds the connections that are open at once, below the number of files that the system lets the process open: without, the process can
/// accept none once they are used up, probes neither. Those of the probes are counted apart. Thread-safe.
/// </summary>
internal sealed partial class ConnectionLimit(
    HttpOptions options, RequestMetrics metrics, TimeProvider time, ILogger<ConnectionLimit> logger)
{
    /// <summary>Files for everything else: the program keeps each of its libraries open twice, some 300 in all; models being loaded; probes.</summary>
    private const int Reserve = 512;

    /// <summary>More connections than this are never of use to one process by default: each takes memory too.</summary>
    private const int MostByDefault = 10_000;

    private const int MostProbes = 64;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly int _most = options.MaxConnections > 0 ? options.MaxConnections : Automatic(OpenFiles());
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _byAddress = new(StringComparer.Ordinal);
    private int _open;
    private int _probes;
    private int _refused;
    private long _told;

    /// <summary>What somebody should know about it at the start.</summary>
    public string Sentence => OpenFiles() is { } files
        ? $"at most {_most} connections at once; the system allows {files} open files" + (_most + Reserve > files && options.MaxConnections > 0
            ? $", so that {ServiceOptions.Section}:{nameof(ServiceOptions.Http)}:{nameof(HttpOptions.MaxConnections)} should be {Automatic(files)} at most" : "")
        : $"at most {_most} connections at once";

    /// <summary>Whether the system allows fewer than one would like, or than were asked for.</summary>
    public bool IsNarrow => OpenFiles() is { } files && (_most < MostByDefault || _most + Reserve > files) && files < MostByDefault;

    /// <summary>The number of connections for a system with this limit of open files; null where that is not known.</summary>
    public static int Automatic(int? files) => files is { } all ? Math.Min(Math.Max(all - Reserve, all / 4), MostByDefault) : MostByDefault;

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        bool isProbe = options.ProbePort > 0 && connection.LocalEndPoint is IPEndPoint { Port: var port } && port == options.ProbePort;
        string? address = isProbe || connection.RemoteEndPoint is not IPEndPoint { Address: var from } ? null : ClientAddress.Of(from);
        bool isIn = Enter(isProbe, address);
        try
        {
            if (isIn)
            {
                await next(connection);
                return;
            }

            metrics.ConnectionRefused();
            Tell();
            connection.Abort();
        }
        finally
        {
            Leave(isProbe, address);
        }
    }

    /// <summary>Counts a connection, and tells whether there is room for it.</summary>
    private bool Enter(bool isProbe, string? address)
    {
        lock (_lock)
        {
            if (isProbe) return ++_probes <= MostProbes;
            int most = options.MaxConnectionsPerAddress > 0 ? options.MaxConnectionsPerAddress : Math.Max(1, _most / 4 * 3), same = 0;
            if (address is not null) same = _byAddress[address] = _byAddress.GetValueOrDefault(address) + 1;
            return ++_open <= _most && same <= most;
        }
    }

    /// <summary>How many files the process may have open; null where the system does not say.</summary>
    private static int? OpenFiles()
    {
        const string limits = "/proc/self/limits", line = "Max open files";
        if (!File.Exists(limits)) return null;
        string? found = File.ReadLines(limits).FirstOrDefault(one => one.StartsWith(line, StringComparison.Ordinal));
        string? soft = found?[line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long files) ? (int)Math.Min(files, int.MaxValue) : null;
    }

    private void Leave(bool isProbe, string? address)
    {
        lock (_lock)
        {
            if (isProbe) _probes--;
            else _open--;
            if (address is not null && --_byAddress[address] == 0) _byAddress.Remove(address);
        }
    }

    /// <summary>A line now and then, with the number since the last.</summary>
    private void Tell()
    {
        Interlocked.Increment(ref _refused);
        long now = time.GetTimestamp(), told = Volatile.Read(ref _told);
        if ((told != 0 && time.GetElapsedTime(told, now) < Quiet) || Interlocked.CompareExchange(ref _told, now, told) != told) return;
        LogRefused(logger, Interlocked.Exchange(ref _refused, 0), Volatile.Read(ref _open), _most);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Refused} connections were refused: {Open} are open, of {Most} that Rnn:Http:MaxConnections allows and fewer from one address")]
    private static partial void LogRefused(ILogger logger, int refused, int open, int most);
}
