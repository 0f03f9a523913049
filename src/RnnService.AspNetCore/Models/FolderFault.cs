using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Models;

/// <summary>Says in a sentence why a folder cannot be loaded: which file, and what about it. Nothing of where it lies on this machine.</summary>
internal static class FolderFault
{
    /// <param name="exception">What loading it threw.</param>
    /// <param name="path">The folder.</param>
    /// <param name="name">What stands for it in the sentence.</param>
    /// <returns>The sentence; null for what is no fault of the folder.</returns>
    public static string? Of(Exception exception, string path, string name)
    {
        for (Exception? one = exception; one is not null; one = one.InnerException)
        {
            // The framework's sentence speaks of paths and access; this one says what to do.
            string? found = one switch
            {
                UnauthorizedAccessException => "may not be read; expected files that the service's user may read",
                OutOfMemoryException => "there is not enough memory for it; expected a smaller model or more memory",
                _ => null,
            };
            if (found is not null) return $"{FileIn(one.Message, path, name)}: {found}";
        }

        return exception switch
        {
            ModelFolderException => exception.Message.Replace(path, name, StringComparison.Ordinal),
            FileNotFoundException or DirectoryNotFoundException =>
                $"{FileIn(exception.Message, path, name)}: is gone; expected a folder that stays while it is loaded",
            IOException => $"{FileIn(exception.Message, path, name)}: cannot be read ({Words(exception.Message)}); expected files on a disk that works",
            _ => null,
        };
    }

    /// <summary>The file that a message of the framework names, seen from the folder of models.</summary>
    private static string FileIn(string message, string path, string name)
    {
        int start = message.IndexOf($"'{path}", StringComparison.Ordinal) + 1;
        int end = start > 0 ? message.IndexOf('\'', start) : -1;
        return end < 0 ? name : name + message[(start + path.Length)..end];
    }

    /// <summary>What the system says, without the path behind it.</summary>
    private static string Words(string message)
    {
        int end = message.IndexOf(" : '", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.');
    }
}
