using System.Diagnostics.Metrics;
using RnnService.AspNetCore.Diagnostics;

namespace RnnService.Server.Keys;

/// <summary>
/// The keys that are let in, as the file of keys has them now. The file is looked at again and again: a watch of the system misses what a
/// mounted volume or a replaced link does. A new version that cannot be used changes nothing, but is told in the log and as
/// <c>rnn.keys.unusable</c>. Thread-safe.
/// </summary>
internal sealed partial class KeyStore : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger<KeyStore> _logger;
    private readonly Lock _looking = new();
    private byte[] _seen;
    private string? _fault;
    private KeySet _keys;

    /// <exception cref="KeyFileException">The file cannot be used.</exception>
    public KeyStore(string path, IMeterFactory meters, TimeProvider time, ILogger<KeyStore> logger)
    {
        (_path, _time, _logger) = (path, time, logger);
        _seen = KeyFile.Content(path);
        _keys = new KeySet(KeyFile.Parse(path, _seen).Keys);
        Meter meter = meters.Create(RnnTelemetry.MeterName);
        meter.CreateObservableGauge("rnn.keys", () => Now.Keys.Count(key => key.Refusal(time.GetUtcNow()) is null), null, "Keys that are let in.");
        meter.CreateObservableGauge("rnn.keys.unusable", () => Volatile.Read(ref _fault) is null ? 0 : 1, null,
            "1 when the file of keys cannot be used as it is now, and the keys are those of its last good version.");
    }

    /// <summary>The keys of the last version of the file that could be used.</summary>
    public KeySet Now => Volatile.Read(ref _keys);

    /// <summary>Looks at the file.</summary>
    public void Look()
    {
        lock (_looking) LookAlone();
    }

    private void LookAlone()
    {
        try
        {
            byte[] content = KeyFile.Content(_path);
            if (content.AsSpan().SequenceEqual(_seen) && _fault is null) return;
            KeySet before = Now, after = new(KeyFile.Parse(_path, content).Keys);
            _seen = content;
            Volatile.Write(ref _fault, null);
            Volatile.Write(ref _keys, after);
            LogChange(_logger, after.Keys.Count, Changes(before, after));
        }
        catch (Exception exception)
        {
            // Whatever it is, the keys stay as they were, and the service with them. Told once, however often it is seen.
            string fault = exception is KeyFileException ? exception.Message : $"{_path}: reading it failed by a fault of the service ({exception.GetType().Name})";
            if (_fault == fault) return;
            Volatile.Write(ref _fault, fault);
            LogFault(_logger, fault);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) Look();
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }

    /// <summary>The names of those that came, changed and went.</summary>
    private static string Changes(KeySet before, KeySet after)
    {
        Dictionary<string, ServiceKey> old = before.Keys.ToDictionary(key => key.Name), now = after.Keys.ToDictionary(key => key.Name);
        IEnumerable<string> changes =
        [
            .. now.Keys.Except(old.Keys).Select(name => $"{name} added"),
            .. now.Keys.Intersect(old.Keys).Where(name => KeyFile.ToJson(old[name]) != KeyFile.ToJson(now[name]))
                .Select(name => $"{name} {(now[name].Disabled && !old[name].Disabled ? "revoked" : "changed")}"),
            .. old.Keys.Except(now.Keys).Select(name => $"{name} removed"),
        ];
        return string.Join(", ", changes.DefaultIfEmpty("none changed"));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The file of keys has {Keys} keys now: {Changes}")]
    private static partial void LogChange(ILogger logger, int keys, string changes);

    [LoggerMessage(Level = LogLevel.Error, Message = "The file of keys cannot be used, the keys stay as they were: {Fault}")]
    private static partial void LogFault(ILogger logger, string fault);
}
