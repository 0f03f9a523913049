using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace RnnService.Engine.Weights;

/// <summary>
/// Opens files that somebody else put there: regular files up to a size. A named pipe would keep its reader waiting for a writer, a device
/// may never end and a read may change it, so what is no regular file is refused before it is opened.
/// </summary>
internal static partial class RegularFile
{
    private const int TypeMask = 0xF000, Regular = 0x8000;

    // The runtime's own record of a file's facts is less than half of it; flags come first and then the mode, four bytes each.
    private const int FactsLength = 512, ModePlace = 4;

    /// <summary>Opens a file to read it from its beginning to its end.</summary>
    /// <param name="path">The file, or a link to one.</param>
    /// <param name="most">Bytes it may hold.</param>
    /// <exception cref="FileNotFoundException">It is missing.</exception>
    /// <exception cref="IOException">It is larger or no regular file; the message names it, what was found and what was expected.</exception>
    /// <exception cref="UnauthorizedAccessException">Its permissions forbid reading.</exception>
    public static FileStream Open(string path, long most)
    {
        Check(path);
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (stream.Length <= most) return stream;
        long length = stream.Length;
        stream.Dispose();
        throw new IOException($"{path} is {length} bytes long; expected at most {most}");
    }

    /// <summary>All bytes of a file.</summary>
    /// <inheritdoc cref="Open" path="/param"/>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static byte[] ReadAllBytes(string path, int most)
    {
        using FileStream stream = Open(path, most);
        byte[] bytes = new byte[stream.Length];
        int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false); // less when it was cut meanwhile
        return count == bytes.Length ? bytes : bytes[..count];
    }

    /// <summary>Refuses what is there and no regular file; what is missing is for whoever opens it to say.</summary>
    /// <exception cref="IOException">It is something else; the message says what.</exception>
    public static void Check(string path)
    {
        if (Kind(path) is { } kind) throw new IOException($"{path} is {kind}; expected a regular file");
    }

    private static string? Kind(string path)
    {
        if (Directory.Exists(path)) return "a folder";
        if (OperatingSystem.IsWindows()) return null; // names of devices and pipes cannot stand in a folder there
        byte[] facts = new byte[FactsLength];
        if (Stat(path, facts) != 0) return null;
        int mode = BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReadInt32LittleEndian(facts.AsSpan(ModePlace))
            : BinaryPrimitives.ReadInt32BigEndian(facts.AsSpan(ModePlace));
        return (mode & TypeMask) switch
        {
            Regular => null,
            0x1000 => "a named pipe",
            0x2000 or 0x6000 => "a device",
            0xC000 => "a socket",
            _ => "no file",
        };
    }

    // The platform's stat differs between systems and processors; the runtime's own is the same on all of them. .NET 10 shows no other way
    // to learn the type of a file without opening it.
    [LibraryImport("libSystem.Native", EntryPoint = "SystemNative_Stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(string path, byte[] facts);
}
