namespace RnnService.Engine.Weights;

/// <summary>Files that are replaced as a whole: whoever reads the path sees the old content or the new one, never a part of it.</summary>
internal static class WholeFile
{
    /// <summary>How the names of files end that are not whole yet; one that a killed process left is safe to delete.</summary>
    public const string Unfinished = ".tmp";

    /// <summary>Writes a file beside its place, flushes it to disk and renames it. When that fails, the old file stays as it was.</summary>
    /// <param name="path">The file, in a folder that exists.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string temporary = $"{path}.{Path.GetRandomFileName()}{Unfinished}";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error)
        {
            if (File.Exists(temporary)) File.Delete(temporary);
            if (error is IOException or UnauthorizedAccessException) throw Unwritable(path, error, temporary);
            throw;
        }
    }

    /// <summary>As <see cref="Write(string,Action{Stream})"/>, a text in UTF-8.</summary>
    /// <inheritdoc cref="Write(string,Action{Stream})" path="/exception"/>
    public static void Write(string path, string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Write(path, stream => stream.Write(bytes));
    }

    /// <summary>A sentence that names the file that was to be written, and not the temporary one beside it.</summary>
    public static IOException Unwritable(string path, Exception error, string? temporary = null)
    {
        string reason = temporary is null ? error.Message : error.Message.Replace(temporary, path, StringComparison.Ordinal);
        int place = reason.IndexOf(" : '", StringComparison.Ordinal); // .NET appends the path to what the system said
        string sentence = $"{path} cannot be written: {(place < 0 ? reason : reason[..place])}";
        return error is DirectoryNotFoundException ? new DirectoryNotFoundException(sentence, error) : new IOException(sentence, error);
    }
}
