using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using RnnService.Server.Requests;

namespace RnnService.Server.Keys;

/// <summary>
/// What a client sends: a prefix by which scanners for leaked secrets know it, and 256 random bits. Only its SHA-256 is kept. A slow, salted
/// hash protects what people choose, since it can be guessed; nobody guesses 256 bits, so a fast one gives nothing away and costs a request
/// less than a microsecond.
/// </summary>
internal static class KeySecret
{
    public const string Prefix = RequestFacts.KeyPrefix;

    /// <summary>What the file of keys writes before a hash.</summary>
    public const string HashPrefix = "sha256:";

    private const int Bytes = 32;

    /// <summary>A new key.</summary>
    public static string Create() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));

    public static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>The hash of a key as the file has it.</summary>
    public static string HashOf(string key) => HashPrefix + Convert.ToHexStringLower(Digest(key));

    /// <summary>The bytes of a hash as the file has it; null where it is none.</summary>
    public static byte[]? DigestIn(string hash)
    {
        byte[] digest = new byte[SHA256.HashSizeInBytes];
        return hash.StartsWith(HashPrefix, StringComparison.Ordinal) && hash.Length == HashPrefix.Length + 2 * digest.Length
            && Convert.FromHexString(hash.AsSpan(HashPrefix.Length), digest, out _, out _) == OperationStatus.Done ? digest : null;
    }
}
