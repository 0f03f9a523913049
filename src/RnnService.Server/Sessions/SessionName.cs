using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace RnnService.Server.Sessions;

/// <summary>A session that the service keeps: whose it is and the id it has there. Two owners' sessions of one id are two sessions.</summary>
internal readonly record struct SessionName(string Owner, string Id)
{
    private const int RandomBytes = 16;

    /// <summary>A session with an id that nobody guesses.</summary>
    public static SessionName New(string owner) => new(owner, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes)));

    /// <summary>Stands for both where others can read: an id may be somebody's name.</summary>
    public string Digest() => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{Owner.Length}:{Owner}{Id}")));
}
