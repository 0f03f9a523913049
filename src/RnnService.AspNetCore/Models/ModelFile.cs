using System.Security.Cryptography;
using RnnService.Engine.Models;

namespace RnnService.AspNetCore.Models;

/// <summary>A file of a model folder as it was when the model was loaded, as somebody may train into the folder meanwhile.</summary>
internal sealed record ModelFile(byte[] Content)
{
    /// <summary>Hash of the content, in quotes.</summary>
    public string Tag { get; } = $"\"{Convert.ToHexStringLower(SHA256.HashData(Content))[..32]}\"";

    /// <summary>Reads those of these files that a folder has.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="paths">Where in it they are.</param>
    /// <returns>The files by name.</returns>
    /// <exception cref="ModelFolderException">A file cannot be read.</exception>
    public static IReadOnlyDictionary<string, ModelFile> Read(string folder, IEnumerable<string> paths)
    {
        try
        {
            return paths.Where(path => File.Exists(Path.Combine(folder, path)))
                .ToDictionary(path => Path.GetFileName(path), path => new ModelFile(ModelFolder.ReadFile(folder, path)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException($"{folder}: {exception.Message}", exception);
        }
    }
}
