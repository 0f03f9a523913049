using System.Text.Json.Serialization;

namespace RnnService.Server.Requests;

/// <summary>Where a session stands after an answer.</summary>
internal sealed record SessionAnswer
{
    /// <summary>The name under which the service keeps it, where it does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    /// <summary>The sealed state, where return_state asks for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? State { get; init; }

    /// <summary>Tokens read and generated so far.</summary>
    public required long Position { get; init; }

    /// <summary>When it can no longer be resumed.</summary>
    public required DateTime Expires { get; init; }
}
