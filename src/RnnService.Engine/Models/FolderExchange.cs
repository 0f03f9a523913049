using System.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>
/// Replaces several files of a folder together. They are written into a subfolder, flushed, and committed by renaming that subfolder; only
/// then each is moved into its place. Before the commit nothing has changed. After it nothing can be lost: what a killed process left
/// undone, whoever comes next completes, or reads where it lies.
/// </summary>
internal static class FolderExchange
{
    private const string StagedFolder = ".staged", CommittedFolder = ".committed", RemovalFile = ".removed";

    /// <summary>Entries that belong to an exchange under way and are no part of the folder's content.</summary>
    public static readonly IReadOnlyList<string> OwnEntries = [StagedFolder, CommittedFolder];

    /// <summary>Writes files and puts them in their place together.</summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="removed">Entries that go when the new ones come, unless they are among the new ones.</param>
    /// <param name="write">Writes into the folder it is given. When it fails, everything stays as it was.</param>
    /// <exception cref="IOException">Something cannot be written; the message names it.</exception>
    public static void Fill(string path, IReadOnlyCollection<string> removed, Action<string> write)
    {
        bool made = !Directory.Exists(path);
        string staged = Path.Combine(path, StagedFolder);
        try
        {
            try
            {
                Directory.CreateDirectory(path);
                Complete(path);
                Discard(path);
                Directory.CreateDirectory(staged);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw WholeFile.Unwritable(path, error);
            }

            write(staged);
            Commit(path, staged, removed);
        }
        catch
        {
            if (Directory.Exists(staged)) Directory.Delete(staged, recursive: true);
            if (made && Directory.Exists(path) && !Directory.EnumerateFileSystemEntries(path).Any()) Directory.Delete(path);
            throw;
        }

        Complete(path);
    }

    /// <summary>Finishes an exchange that was committed. Safe at any time, and from several processes at once.</summary>
    /// <exception cref="IOException">An entry cannot be replaced; the message names it.</exception>
    public static void Complete(string path)
    {
        string committed = Path.Combine(path, CommittedFolder), removals = Path.Combine(committed, RemovalFile);
        if (!Directory.Exists(committed)) return;
        // Names alone: a folder may come from anywhere, and nothing outside it is removed.
        foreach (string name in Lines(removals).Where(name => name is not ("" or "." or "..") && Path.GetFileName(name) == name)) Try(Path.Combine(path, name), Remove);
        string[] names = [];
        Try(committed, folder => names = [.. Names(folder)]);
        foreach (string name in names)
        {
            Try(Path.Combine(path, name), place =>
            {
                string entry = Path.Combine(committed, name);
                if (!Directory.Exists(entry))
                {
                    File.Move(entry, place, overwrite: true);
                    return;
                }

                Remove(place);
                Directory.Move(entry, place);
            });
        }

        Try(committed, _ =>
        {
            File.Delete(removals);
            Directory.Delete(committed);
        });
    }

    /// <summary>Removes what a process left that was killed before its commit. Whoever calls knows that none is at work.</summary>
    public static void Discard(string path)
    {
        string staged = Path.Combine(path, StagedFolder);
        if (Directory.Exists(staged)) Directory.Delete(staged, recursive: true);
    }

    /// <summary>
    /// Where a file of the folder lies: in its place, or where a commit left it that cannot be completed, as on a disk that is read only.
    /// </summary>
    public static string Locate(string path, string name)
    {
        string committed = Path.Combine(path, CommittedFolder), left = Path.Combine(committed, name);
        // A file that the commit removes is not there any more.
        return File.Exists(left) || Lines(Path.Combine(committed, RemovalFile)).Contains(name) ? left : Path.Combine(path, name);
    }

    private static void Commit(string path, string staged, IReadOnlyCollection<string> removed)
    {
        string[] names = [.. Names(staged)];
        foreach (string place in names.Where(name => File.Exists(Path.Combine(staged, name))).Select(name => Path.Combine(path, name)))
        {
            if (Directory.Exists(place)) throw new IOException($"{place} cannot be written: it is a folder; expected a file or nothing");
        }

        WholeFile.Write(Path.Combine(staged, RemovalFile), string.Concat(removed.Except(names).Select(name => name + "\n")));
        foreach (string file in Directory.EnumerateFiles(staged, "*", SearchOption.AllDirectories))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
            stream.Flush(flushToDisk: true);
        }

        string committed = Path.Combine(path, CommittedFolder);
        try
        {
            Directory.Move(staged, committed);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WholeFile.Unwritable(committed, error);
        }
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.GetFileSystemEntries(folder).Select(entry => Path.GetFileName(entry)).Where(name => name != RemovalFile);

    private static string[] Lines(string file)
    {
        try
        {
            const int most = 1 << 16;
            return Encoding.UTF8.GetString(RegularFile.ReadAllBytes(file, most)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static void Remove(string place)
    {
        if (Directory.Exists(place)) Directory.Delete(place, recursive: true);
        else File.Delete(place);
    }

    /// <summary>Does one part; another process that completes the same exchange may have done it already.</summary>
    private static void Try(string place, Action<string> change)
    {
        try
        {
            change(place);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WholeFile.Unwritable(place, error);
        }
    }
}
