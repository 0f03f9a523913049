using System.Text.Json.Serialization;

namespace RnnService.Server.Keys;

/// <summary>What the holder of a key may do.</summary>
internal enum KeyRole
{
    /// <summary>Uses models.</summary>
    User,

    /// <summary>Runs the service, too: metrics and what changes it.</summary>
    Operator,
}

/// <summary>A key as the file of keys has it: whose it is and what it allows. The key itself is nowhere; see <see cref="KeySecret"/>.</summary>
internal sealed record ServiceKey
{
    /// <summary>Whose it is. Turns in queues, limits and kept states belong to this name, so that a key can be replaced by another.</summary>
    public required string Name { get; init; }

    /// <summary>What <see cref="KeySecret.HashOf"/> gives for the key.</summary>
    public required string Hash { get; init; }

    public KeyRole Role { get; init; }

    /// <summary>The only models it may use; null for all.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>
    /// Requests it may make a minute; null for any number. As many may come at once, and then one each time that a minute divided by them has
    /// passed.
    /// </summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Its requests that may be answered at the same time; null for any number.</summary>
    public int? ConcurrentRequests { get; init; }

    public DateTimeOffset? Created { get; init; }

    /// <summary>From when on it is not taken any more; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Whether it was revoked.</summary>
    public bool Disabled { get; init; }

    /// <summary>The bytes of <see cref="Hash"/>.</summary>
    [JsonIgnore]
    public byte[] Digest => field ??= KeySecret.DigestIn(Hash)!;

    /// <summary>Whether it may use the model of this name.</summary>
    public bool Allows(string model) => Models?.Contains(model) ?? true;

    /// <summary>Why it is not taken at this time; null when it is.</summary>
    public string? Refusal(DateTimeOffset now) => Disabled ? "this key was revoked" : Expires <= now ? "this key has expired" : null;

    /// <summary>The key that a request came with; null where it came with none or the service is open.</summary>
    public static ServiceKey? Of(HttpContext context) => context.Features.Get<ServiceKey>();
}
