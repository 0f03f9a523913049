using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using RnnService.Server.Requests;

namespace RnnService.Server.Sessions;

/// <summary>
/// Seals states with ASP.NET Core's Data Protection, so that they can be neither read nor changed nor opened for somebody else. What cannot be opened is
/// refused in one way, whatever is wrong with it: only the owner of a genuine state learns that it is too old. Thread-safe.
/// </summary>
internal sealed class StateSeal(KeyRing keys, TimeProvider time)
{
    private const string Purpose = "RnnService.Sessions.v1", Carried = "carried", Kept = "kept";

    /// <summary>Seals a state for its owner to carry.</summary>
    public async ValueTask<string> SealAsync(string owner, SessionState state)
    {
        await keys.OpenAsync();
        return Base64Url.EncodeToString(Protector(Carried, owner).Protect(state.ToBytes()));
    }

    /// <summary>Opens a state that a client sent.</summary>
    /// <exception cref="RequestProblem">It is not one of this owner's, or too old.</exception>
    public async ValueTask<SessionState> OpenAsync(string owner, string text)
    {
        await keys.OpenAsync();
        SessionState state = Open(Protector(Carried, owner), Decode(text)) ?? throw Refused();
        if (state.Expires <= time.GetUtcNow()) throw new RequestProblem(ProblemKind.StateExpired, "session.resume: is too old; expected the state of a later answer, or none");
        return state;
    }

    /// <summary>Seals a state for a store that others may read.</summary>
    public async ValueTask<byte[]> SealAsync(SessionName name, SessionState state)
    {
        await keys.OpenAsync();
        return Protector(Kept, name.Digest()).Protect(state.ToBytes());
    }

    /// <returns>What a store holds under this name; null where that cannot be opened.</returns>
    public async ValueTask<SessionState?> OpenAsync(SessionName name, byte[] bytes)
    {
        await keys.OpenAsync();
        return Open(Protector(Kept, name.Digest()), bytes);
    }

    public static RequestProblem Refused() =>
        new(ProblemKind.StateRefused, "session.resume: is no state of yours that this service can open; expected one as it was answered");

    private IDataProtector Protector(string kind, string whose) => keys.Provider.CreateProtector(Purpose, kind, whose);

    private static SessionState? Open(IDataProtector protector, byte[]? bytes)
    {
        try
        {
            return bytes is null ? null : SessionState.FromBytes(protector.Unprotect(bytes));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <returns>The bytes; null for what is not their one text, such as one with spaces in it.</returns>
    private static byte[]? Decode(string text)
    {
        var bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        bool isRead = Base64Url.DecodeFromChars(text, bytes, out _, out int written) == OperationStatus.Done;
        return isRead && Base64Url.EncodeToString(bytes.AsSpan(0, written)) == text ? bytes[..written] : null;
    }
}
