using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace RnnService.Server.Keys;

/// <summary>The keys as they stand at one moment. Never changes.</summary>
internal sealed class KeySet
{
    private readonly Dictionary<byte[], ServiceKey> _byDigest;

    /// <param name="keys">Keys of different names and hashes.</param>
    public KeySet(IReadOnlyList<ServiceKey> keys)
    {
        Keys = keys;
        _byDigest = keys.ToDictionary(key => key.Digest, new DigestComparer());
    }

    public IReadOnlyList<ServiceKey> Keys { get; }

    /// <summary>The entry of a key that somebody sends; null where there is none.</summary>
    public ServiceKey? Find(string sent) => _byDigest.GetValueOrDefault(KeySecret.Digest(sent));

    /// <summary>
    /// Lets the time of a look-up tell nothing of the digests there are: they are found by a hash that differs from process to process, and
    /// compared in constant time. (Whoever learned a digest had no key yet: it would have to be turned back.)
    /// </summary>
    private sealed class DigestComparer : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => CryptographicOperations.FixedTimeEquals(x, y);

        public int GetHashCode([DisallowNull] byte[] obj)
        {
            var hash = new HashCode();
            hash.AddBytes(obj);
            return hash.ToHashCode();
        }
    }
}
