using System.Globalization;
using RnnService.Engine.Weights;

namespace RnnService.Training.Runs;

/// <summary>
/// Keeps two runs out of one folder. The system releases it when the process ends, however it ends. A second file names its owner,
/// since a locked file cannot be read.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private const string LockFile = ".lock", OwnerFile = ".owner";

    private readonly FileStream _held;
    private readonly string _owner;

    private FolderLock(FileStream held, string owner) => (_held, _owner) = (held, owner);

    /// <summary>Takes the lock of a run's folder.</summary>
    /// <param name="training">The folder of the run, which exists.</param>
    /// <param name="output">The model folder, for messages.</param>
    /// <exception cref="RunFolderException">Another run holds it.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static FolderLock Take(string training, string output)
    {
        string path = Path.Combine(training, LockFile), owner = Path.Combine(training, OwnerFile);
        FileStream held;
        try
        {
            do
            {
                held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            while (IsGone(path, held)); // whoever let go of it between our opening and our locking deleted it
        }
        catch (IOException error) when (error is not (DirectoryNotFoundException or PathTooLongException) && File.Exists(path))
        {
            throw new RunFolderException(
                $"{output} is written by another run{Who(owner)}; expected one run in a folder: wait for it, stop it, or take another folder", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WholeFile.Unwritable(training, error);
        }

        WholeFile.Write(owner, $"process {Environment.ProcessId.ToString(CultureInfo.InvariantCulture)} on {Environment.MachineName}");
        return new FolderLock(held, owner);
    }

    public void Dispose()
    {
        File.Delete(_owner);
        _held.Dispose();
    }

    private static bool IsGone(string path, FileStream held)
    {
        if (File.Exists(path)) return false;
        held.Dispose();
        return true;
    }

    private static string Who(string owner)
    {
        const int most = 200;
        try
        {
            string text = File.ReadAllText(owner);
            return $" ({text[..Math.Min(most, text.Length)]})";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
