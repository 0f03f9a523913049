namespace RnnService.Engine.Models;

/// <summary>
/// A model folder that comes into being as a whole: written beside its place under a name that starts with a dot, which the service leaves
/// alone, then renamed; one that exists exchanges its content. When anything fails, what was there before stays.
/// </summary>
internal sealed class NewFolder
{
    private static readonly string[] OwnEntries =
        [.. FolderFiles.All, "README.md", "LICENSE", "training"];

    /// <summary>Names of the files that a model folder has.</summary>
    internal static IEnumerable<string> Files => OwnEntries.Where(name => name.Contains('.', StringComparison.Ordinal) || name == Checksums.File);

    private readonly string _given, _path;

    /// <summary>Checks the place; nothing is written yet.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="replace">Whether one that exists is replaced, if it is a model folder and nothing else.</param>
    /// <param name="sources">Files that must stay.</param>
    /// <exception cref="ModelFolderException">The folder exists and must stay.</exception>
    public NewFolder(string path, bool replace, IEnumerable<string> sources)
    {
        _given = path;
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(_path) is null || File.Exists(_path)) throw new ModelFolderException($"{path}: is no folder; expected the path of one");
        if (!Directory.Exists(_path)) return;
        if (!replace) throw new ModelFolderException($"{path}: exists; expected a new folder") { IsReplaceable = true };
        if (sources.Any(source => Path.GetFullPath(source).StartsWith(_path + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
            throw new ModelFolderException($"{path}: holds files that the new one is made from; expected another folder");
        FolderExchange.Complete(_path);
        string[] entries = [.. Directory.EnumerateFileSystemEntries(_path).Select(entry => Path.GetFileName(entry))];
        if (entries.Length > 0 && !entries.Contains(FolderFiles.Config))
            throw new ModelFolderException($"{path}: is no model folder, and is not replaced");
        if (entries.Except([.. OwnEntries, .. FolderExchange.OwnEntries]).Order(StringComparer.Ordinal).FirstOrDefault() is { } other)
            throw new ModelFolderException($"{path}: holds {other} beside a model, and is not replaced");
    }

    /// <summary>Writes the folder, reads it again, and puts it in its place.</summary>
    /// <param name="write">Writes into the folder it is given.</param>
    /// <param name="onnx">Opens model.onnx, as in <see cref="ModelFolder.Load"/>.</param>
    /// <param name="stop">Looked at before anything is put in place.</param>
    /// <returns>The model as read again.</returns>
    /// <exception cref="ModelFolderException">What was written is no model, or does not give its golden answer.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public LoadedModel Fill(Action<string> write, NetworkReader? onnx = null, CancellationToken stop = default)
    {
        string own = Path.GetFileName(_path), made = Path.Combine(Path.GetDirectoryName(_path)!, $".{own}.new");
        LoadedModel? loaded = null;
        stop.ThrowIfCancellationRequested();
        if (Directory.Exists(_path))
        {
            FolderExchange.Fill(_path, OwnEntries, WriteAndRead);
        }
        else
        {
            try
            {
                if (Directory.Exists(made)) Directory.Delete(made, recursive: true); // of a process that was killed
                Directory.CreateDirectory(made);
                WriteAndRead(made);
                Directory.Move(made, _path);
            }
            finally
            {
                if (Directory.Exists(made)) Directory.Delete(made, recursive: true);
            }
        }

        return loaded! with { Name = own, File = Path.Combine(_given, Path.GetFileName(loaded!.File)) };

        void WriteAndRead(string folder)
        {
            write(folder);
            stop.ThrowIfCancellationRequested();
            loaded = ModelFolder.Load(folder, onnx, stop);
            stop.ThrowIfCancellationRequested();
        }
    }
}
