using System.ComponentModel.DataAnnotations;

namespace RnnService.Server.Options;

/// <summary>How a text goes on in a later request, on whatever replica: sealed states in the client's hand, and sessions kept by the service.</summary>
internal sealed record GenerationSessionOptions
{
    public const string Memory = "memory";
    public const string InRedis = "redis";

    /// <summary>
    /// Where the service itself keeps sessions, under ids: memory (of this process alone) or redis (of all replicas). Empty: nowhere; clients
    /// hold their states themselves, sealed.
    /// </summary>
    [AllowedValues("", Memory, InRedis)]
    public string Store { get; init; } = "";

    /// <summary>
    /// Redis servers, as StackExchange.Redis reads them (<c>redis-1:6379,redis-2:6379,password=…,ssl=true</c>): keep the sessions of the store
    /// redis, and the keys that seal states where <c>KeysPath</c> is empty.
    /// </summary>
    public string Redis { get; init; } = "";

    /// <summary>
    /// Folder of the keys that seal states, shared by all replicas. Empty: the keys are in Redis where <c>Redis</c> is set; without either they
    /// end with the process, and states with them.
    /// </summary>
    public string KeysPath { get; init; } = "";

    /// <summary>
    /// Certificate (PEM, RSA) that encrypts the keys where they lie; the same for all replicas. Empty: whoever reads the folder or the Redis of the keys can
    /// open states.
    /// </summary>
    public string KeysCertificate { get; init; } = "";

    /// <summary>Private key (PEM) of <c>KeysCertificate</c>. Empty: it is in the same file.</summary>
    public string KeysCertificateKey { get; init; } = "";

    /// <summary>Days after which a new key seals; what older ones sealed can still be opened.</summary>
    [Range(7, 3_650)]
    public int KeyDays { get; init; } = 90;

    /// <summary>Seconds for which a session can be resumed after its last request; later its state is answered with 410.</summary>
    [Range(1, 31_536_000)]
    public int ExpireSeconds { get; init; } = 86_400;

    /// <summary>
    /// Megabytes of sessions kept in memory. Beyond them the oldest session of the key that holds most is dropped, so that no client takes the place of
    /// others.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MemoryMegabytes { get; init; } = 64;
}
