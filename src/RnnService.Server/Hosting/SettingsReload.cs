using Microsoft.Extensions.Primitives;
using RnnService.Server.Options;

namespace RnnService.Server.Hosting;

/// <summary>
/// Settings are read again when one of their files changes, and when an operator asks for it: of them log levels count while the service
/// runs. Says which do from now on, or why they stay as they were.
/// </summary>
internal sealed partial class SettingsReload : IDisposable
{
    private readonly IConfigurationRoot _configuration;
    private readonly ILogger<SettingsReload> _logger;
    private readonly IDisposable _changes;
    private readonly Lock _lock = new();
    private string _told;

    public SettingsReload(IConfiguration configuration, ILogger<SettingsReload> logger)
    {
        (_configuration, _logger) = ((IConfigurationRoot)configuration, logger);
        _told = FrameworkSettings.Levels(_configuration);
        _changes = ChangeToken.OnChange(configuration.GetReloadToken, Tell);
    }

    /// <summary>Reads all settings again.</summary>
    public void Reload()
    {
        try
        {
            _configuration.Reload();
        }
        catch (Exception exception) when (StartFault.Of(exception) is var (_, sentence))
        {
            LogKept(_logger, sentence);
        }
    }

    public void Dispose() => _changes.Dispose();

    private void Tell()
    {
        lock (_lock)
        {
            // A file that is written can be told of twice, and half written.
            string faults = string.Join("; ", FrameworkSettings.LevelFaults(_configuration)), levels = FrameworkSettings.Levels(_configuration);
            if (faults.Length == 0 && levels != _told) LogLevels(_logger, levels);
            else if (faults.Length > 0 && faults != _told) LogKept(_logger, faults);
            _told = faults.Length > 0 ? faults : levels;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Log levels are now {Levels}")]
    private static partial void LogLevels(ILogger logger, string levels);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Log levels stay as they were: {Faults}")]
    private static partial void LogKept(ILogger logger, string faults);
}
