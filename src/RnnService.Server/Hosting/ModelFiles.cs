using System.Security.Cryptography;
using RnnService.Engine.Models;

namespace RnnService.Server.Hosting;

/// <summary>
/// The files of a model folder that a client needs to do what the model does with text: kept as they were when the model was loaded, as
/// somebody may train into the folder meanwhile. Only these names are handed out.
/// </summary>
internal static class ModelFiles
{
    private const string Json = "application/json";

    private static readonly (string Name, string ContentType)[] Known =
        [("config.json", Json), ("vocab.json", Json), ("golden.json", Json), ("README.md", "text/markdown; charset=utf-8")];

    /// <summary>All names that a folder can have, for the documents.</summary>
    public static string Names { get; } = string.Join(", ", Known.Select(file => file.Name));

    /// <exception cref="ModelFolderException">A file cannot be read.</exception>
    public static IReadOnlyDictionary<string, ModelFile> Read(string folder)
    {
        try
        {
            return Known.Where(file => File.Exists(Path.Combine(folder, file.Name))).ToDictionary(
                file => file.Name, file => new ModelFile(ModelFolder.ReadFile(folder, file.Name), file.ContentType));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException($"{folder}: {exception.Message}", exception);
        }
    }
}

/// <summary>A file as it is handed out.</summary>
internal sealed record ModelFile(byte[] Content, string ContentType)
{
    /// <summary>Hash of the content, in quotes.</summary>
    public string Tag { get; } = $"\"{Convert.ToHexStringLower(SHA256.HashData(Content))[..32]}\"";
}
