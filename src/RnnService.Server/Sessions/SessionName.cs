using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace RnnService.Server.Sessions;

/// <summary>A session that the service keeps: whose it is and the id it has there. Two owners' sessions of one id are two sessions.</summary>
internal readonly record struct SessionName(string Owner, string Id)
{
    /// <summary>Longest id of a session.</summary>
    public const int MostId = 128;

    private const int RandomBytes = 16;

    public const string ExpectedId = "letters, digits, '-', '_', '.', ':' and '~', of which the first is a letter or a digit";

    /// <summary>Whether a text can be an id: one that stands in a path as it is.</summary>
    public static bool IsId(string text) => text.Length is > 0 and <= MostId && char.IsAsciiLetterOrDigit(text[0])
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or ':' or '~');

    /// <summary>A session with an id that nobody guesses.</summary>
    public static SessionName New(string owner) => new(owner, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes)));

    /// <summary>Stands for both where others can read: an id may be somebody's name.</summary>
    public string Digest() => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{Owner.Length}:{Owner}{Id}")));
}
