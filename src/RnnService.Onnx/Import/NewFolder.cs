namespace RnnService.Onnx.Import;

/// <summary>
/// A model folder that comes into being as a whole: written beside its place under a name that starts with a dot, which the service leaves
/// alone, then renamed. When anything fails, what was there before stays.
/// </summary>
internal sealed class NewFolder
{
    private static readonly string[] OwnEntries =
        ["config.json", "vocab.json", "model.safetensors", "model.onnx", "golden.json", "README.md", "LICENSE", "training"];

    private readonly string _path;

    /// <param name="path">The folder.</param>
    /// <param name="replace">Whether one that exists is replaced, if it is a model folder and nothing else.</param>
    /// <param name="sources">Files that must stay.</param>
    /// <exception cref="ImportException">The folder exists and must stay.</exception>
    public NewFolder(string path, bool replace, IEnumerable<string> sources)
    {
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(_path) is null || File.Exists(_path)) throw new ImportException(path, "a folder wanted");
        if (!Directory.Exists(_path)) return;
        if (!replace) throw new ImportException(path, "exists: a new folder wanted, or --force to replace it");
        if (sources.Any(source => Path.GetFullPath(source).StartsWith(_path + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
            throw new ImportException(path, "holds files that are being imported: another folder wanted");
        string[] entries = [.. Directory.EnumerateFileSystemEntries(_path).Select(entry => Path.GetFileName(entry))];
        if (entries.Length > 0 && !entries.Contains(OwnEntries[0]))
            throw new ImportException(path, "is no model folder, and is not replaced");
        if (entries.Except(OwnEntries).Order(StringComparer.Ordinal).FirstOrDefault() is { } other)
            throw new ImportException(path, $"holds {other} beside a model, and is not replaced");
    }

    /// <summary>The folder's own name.</summary>
    public string Name => Path.GetFileName(_path);

    /// <summary>Writes the folder and puts it in its place.</summary>
    /// <param name="write">Writes into the folder it is given.</param>
    /// <param name="stop">Looked at before anything is put in place.</param>
    public T Fill<T>(Func<string, T> write, CancellationToken stop)
    {
        string parent = Path.GetDirectoryName(_path)!, name = $".{Name}.{Path.GetRandomFileName()}";
        string made = Path.Combine(parent, name + ".new"), old = Path.Combine(parent, name + ".old");
        try
        {
            stop.ThrowIfCancellationRequested();
            Directory.CreateDirectory(made);
            T result = write(made);
            stop.ThrowIfCancellationRequested();
            if (Directory.Exists(_path)) Directory.Move(_path, old);
            try
            {
                Directory.Move(made, _path);
            }
            catch when (Directory.Exists(old))
            {
                Directory.Move(old, _path);
                throw;
            }

            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
            return result;
        }
        finally
        {
            if (Directory.Exists(made)) Directory.Delete(made, recursive: true);
        }
    }
}
