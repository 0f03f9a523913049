namespace RnnService.Server.Options;

/// <summary>Who may call the service.</summary>
internal sealed record KeyOptions
{
    /// <summary>
    /// JSON file of the keys that are let in, as <c>rnn key</c> writes it; what changes in it counts within two seconds, without a restart.
    /// Empty: the service is open to all who reach it.
    /// </summary>
    public string File { get; init; } = "";
}
