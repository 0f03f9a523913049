using System.Security.Cryptography;
using System.Text;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>
/// The hashes of a model folder's files, in the form of <c>sha256sum</c>. A folder made by hand or by an earlier version has none, which
/// <see cref="IsMissing"/> tells.
/// </summary>
internal sealed class Checksums
{
    public const string File = "SHA256SUMS";

    private const int MostBytes = 1 << 16, HashLength = 64;

    private readonly Dictionary<string, string> _hashes = [];
    private readonly string _path;

    private Checksums(string path) => _path = path;

    /// <summary>Whether the folder has no such file.</summary>
    public bool IsMissing { get; private init; }

    /// <summary>The files that have a hash.</summary>
    public IEnumerable<string> Files => _hashes.Keys;

    /// <summary>Reads the hashes of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="known">Names of files that a folder can have.</param>
    /// <exception cref="ModelFolderException">A line is no hash and name of a file.</exception>
    public static Checksums Read(string folder, IReadOnlyCollection<string> known)
    {
        string path = FolderExchange.Locate(folder, File);
        var sums = new Checksums(path);
        string text;
        try
        {
            text = Encoding.UTF8.GetString(RegularFile.ReadAllBytes(path, MostBytes));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Checksums(path) { IsMissing = true };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(error.Message, error);
        }

        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimEnd('\r');
            if (line.Length == 0 && i == lines.Length - 1) break;
            if (line.Length < HashLength + 3 || line[HashLength] != ' ' || line[HashLength + 1] is not (' ' or '*')
                || line.AsSpan(0, HashLength).ContainsAnyExcept("0123456789abcdef"))
            {
                throw new ModelFolderException(
                    $"{path}, line {i + 1}: is {Listing.Quote(line)}; expected 64 hexadecimal digits, two spaces and a file");
            }

            string name = line[(HashLength + 2)..];
            if (!known.Contains(name))
                throw new ModelFolderException($"{path}, line {i + 1}: file is {Listing.Quote(name)}; expected one of {Listing.Of(known)}");
            if (!sums._hashes.TryAdd(name, line[..HashLength]))
                throw new ModelFolderException($"{path}, line {i + 1}: {name} occurs twice; expected one line a file");
        }

        return sums;
    }

    /// <summary>Writes the hashes of those of these files that a folder has.</summary>
    public static void Write(string folder, IEnumerable<string> files)
    {
        var sums = new Checksums(Path.Combine(folder, File));
        foreach (string file in files.Where(file => System.IO.File.Exists(Path.Combine(folder, file))))
        {
            using FileStream stream = System.IO.File.OpenRead(Path.Combine(folder, file));
            sums._hashes.Add(file, Hash(stream));
        }

        sums.WriteTo(folder);
    }

    /// <summary>The same with another hash of one file, written to a folder.</summary>
    public void WriteWith(string file, string hash, string folder)
    {
        _hashes[file] = hash;
        WriteTo(folder);
    }

    /// <summary>Whether a file is as it was when the folder was saved, as far as that is known.</summary>
    public bool Match(string file, string hash) => IsMissing || _hashes.GetValueOrDefault(file) == hash;

    /// <summary>Refuses a file that is not as it was when the folder was saved.</summary>
    /// <param name="path">The file, for the message.</param>
    /// <param name="hash">Its hash.</param>
    /// <exception cref="ModelFolderException">It has another hash, or the list has none.</exception>
    public void Check(string path, string hash)
    {
        string file = Path.GetFileName(path);
        if (Match(file, hash)) return;
        const string advice = "the file is damaged or was replaced";
        throw new ModelFolderException(_hashes.TryGetValue(file, out string? expected)
            ? $"{path}: SHA-256 is {hash}; expected {expected} ({File}): {advice}. If it is the one you want, delete {File}"
            : $"{path}: {File} has no line for it; expected its SHA-256, {hash}. If it is the file you want, delete {File}");
    }

    /// <summary>The SHA-256 of a content, lower-case hexadecimal.</summary>
    public static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <inheritdoc cref="Hash(ReadOnlySpan{byte})"/>
    /// <param name="stream">Read to its end.</param>
    /// <param name="stop">Ends reading.</param>
    public static string Hash(Stream stream, CancellationToken stop = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = new byte[1 << 18];
        for (int count; (count = stream.Read(block)) > 0;)
        {
            stop.ThrowIfCancellationRequested();
            hash.AppendData(block, 0, count);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void WriteTo(string folder) =>
        WholeFile.Write(Path.Combine(folder, File), string.Concat(_hashes.Select(pair => $"{pair.Value}  {pair.Key}\n")));
}
