using System.Xml.Linq;

namespace RnnService.Engine.Tests.Architecture;

/// <summary>A project file, or a file of properties that MSBuild adds to the projects below its folder.</summary>
/// <param name="Path">Path below the repository's root, with slashes.</param>
/// <param name="Content">Its XML.</param>
internal sealed record BuildFile(string Path, XElement Content)
{
    public bool IsProject => Path.EndsWith(".csproj", StringComparison.Ordinal);

    public string Folder => Path[..(Path.LastIndexOf('/') + 1)];
}

/// <summary>The files of a repository, or of a small made-up one, that the dependency rules read.</summary>
internal sealed class SourceTree
{
    private static readonly string[] Roots = ["src", "tests"];

    private SourceTree(IReadOnlyList<SourceFile> files, IReadOnlyList<BuildFile> buildFiles)
    {
        Files = files;
        BuildFiles = buildFiles;
    }

    public IReadOnlyList<SourceFile> Files { get; }

    public IReadOnlyList<BuildFile> BuildFiles { get; }

    /// <summary>The folder above this test that holds the solution.</summary>
    public static string RepositoryRoot
    {
        get
        {
            string? folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "RnnService.sln"))) folder = Path.GetDirectoryName(folder);
            return folder ?? throw new DirectoryNotFoundException($"no RnnService.sln above {AppContext.BaseDirectory}");
        }
    }

    /// <summary>Reads src and tests, and the properties beside them.</summary>
    /// <param name="root">The repository's root.</param>
    /// <param name="extension">What every file name has after its real one: made-up source is text, so that nothing compiles it.</param>
    public static SourceTree Read(string root, string extension = "")
    {
        var paths = Roots.Select(folder => Path.Combine(root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*" + extension, SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(root, "Directory.Build.*" + extension));
        return Of(paths.Select(path => (Path.GetRelativePath(root, path).Replace('\\', '/')[..^extension.Length], path))
            .Where(pair => !pair.Item1.Split('/').Any(folder => folder is "bin" or "obj"))
            .Where(pair => IsSource(pair.Item1) || IsBuildFile(pair.Item1))
            .Select(pair => (pair.Item1, File.ReadAllText(pair.path))));
    }

    /// <summary>A tree of files in memory, by path below the root.</summary>
    public static SourceTree Of(IEnumerable<(string Path, string Text)> files)
    {
        (string Path, string Text)[] ordered = [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)];
        return new SourceTree(
            [.. ordered.Where(file => IsSource(file.Path)).Select(file => new SourceFile(file.Path, file.Text))],
            [.. ordered.Where(file => IsBuildFile(file.Path)).Select(file => new BuildFile(file.Path, XElement.Parse(file.Text)))]);
    }

    private static bool IsSource(string path) => path.EndsWith(".cs", StringComparison.Ordinal);

    private static bool IsBuildFile(string path) =>
        path.EndsWith(".csproj", StringComparison.Ordinal) || path.Split('/')[^1] is "Directory.Build.props" or "Directory.Build.targets";
}
