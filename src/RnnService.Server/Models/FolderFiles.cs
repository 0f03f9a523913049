namespace RnnService.Server.Models;

/// <summary>
/// The files of a model folder that a client needs to do what the model does with text. Only these names are handed out, as the files were
/// when the model was loaded.
/// </summary>
internal static class FolderFiles
{
    private const string Json = "application/json";

    private static readonly (string Name, string ContentType)[] Known =
        [("config.json", Json), ("vocab.json", Json), ("golden.json", Json), ("README.md", "text/markdown; charset=utf-8")];

    /// <summary>All names that a folder can have.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(file => file.Name)];

    public static string ContentTypeOf(string name) => Known.First(file => file.Name == name).ContentType;
}
