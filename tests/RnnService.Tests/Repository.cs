namespace RnnService.Tests;

/// <summary>Files of the repository that must say what the code says.</summary>
internal static class Repository
{
    /// <summary>The environment variable that makes <see cref="Compare"/> write the file instead.</summary>
    public const string Refresh = "RNN_REFRESH_DOCS";

    /// <summary>The folder that holds <c>RnnService.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Fails when a file is not what it should be, and says how to make it so.</summary>
    public static void Compare(string file, string wanted)
    {
        string path = Path.Combine(Root, file);
        if (Environment.GetEnvironmentVariable(Refresh) is { Length: > 0 })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, wanted);
        }

        string found = File.Exists(path) ? File.ReadAllText(path) : "";
        Xunit.Assert.True(found == wanted,
            $"{file} is not what the code says. To refresh it: {Refresh}=1 dotnet run -c Release --project tests/{TestProject}; "
            + "then look at the difference.");
    }

    /// <summary>The same for the part of a file between <c>&lt;!-- name --&gt;</c> and <c>&lt;!-- /name --&gt;</c>.</summary>
    public static void CompareSection(string file, string name, string wanted)
    {
        string text = File.ReadAllText(Path.Combine(Root, file)), begin = $"<!-- {name} -->\n", end = $"<!-- /{name} -->";
        int from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length, to = text.IndexOf(end, StringComparison.Ordinal);
        Xunit.Assert.True(from >= begin.Length && to >= from, $"{file} has no part {name}");
        Compare(file, text[..from] + wanted + text[to..]);
    }

    private static string TestProject { get; } = typeof(Repository).Assembly.GetName().Name!;

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "RnnService.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
