namespace RnnService.Server.Models;

/// <summary>
/// The files of a model folder that a client needs to do what the model does with text, and the curve of its training. Only these names are
/// handed out, as the files were when the model was loaded.
/// </summary>
internal static class FolderFiles
{
    private const string Json = "application/json";

    private static readonly (string Path, string ContentType)[] Known =
    [
        ("config.json", Json), ("vocab.json", Json), ("golden.json", Json), ("README.md", "text/markdown; charset=utf-8"),
        ("training/curve.svg", "image/svg+xml"),
    ];

    /// <summary>Where in a folder they are, all that it can have.</summary>
    public static IReadOnlyList<string> Paths { get; } = [.. Known.Select(file => file.Path)];

    /// <summary>The names that they are asked for by.</summary>
    public static IEnumerable<string> Names => Paths.Select(path => Path.GetFileName(path));

    public static string ContentTypeOf(string name) => Known.First(file => Path.GetFileName(file.Path) == name).ContentType;
}
