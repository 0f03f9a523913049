namespace RnnService.AspNetCore.Models;

/// <summary>The folder that holds the model folders.</summary>
/// <param name="Path">Full path; exists.</param>
/// <param name="Models">Names of the model folders, as they were at the start.</param>
internal sealed record ModelsFolder(string Path, IReadOnlyList<string> Models)
{
    /// <exception cref="DirectoryNotFoundException">The folder is not there.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be listed.</exception>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    public static ModelsFolder Open(string path)
    {
        if (!Directory.Exists(path)) throw new DirectoryNotFoundException($"Path is \"{path}\"; expected a folder that exists and holds one folder a model");
        return new ModelsFolder(path, [.. Directory.EnumerateDirectories(path).Select(one => System.IO.Path.GetFileName(one)!)
            .Where(name => name[0] != '.').Order(StringComparer.Ordinal)]);
    }
}
