namespace RnnService.Tests;

/// <summary>
/// The models that come with the repository. Tests see these alone: a folder of models fills with a user's own, which must not change what
/// the tests find.
/// </summary>
internal sealed class ShippedModels : IDisposable
{
    /// <summary>Makes a folder for the service or the command to read that holds the shipped models alone.</summary>
    public ShippedModels() => LinkInto(Path);

    /// <summary>The folder of model folders; gone after <see cref="Dispose"/>.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("rnn-shipped-").FullName;

    /// <summary>
    /// The shipped names: those that <c>.gitignore</c> keeps, in the lines <c>!/models/NAME/</c>.
    /// </summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. from line in File.ReadLines(System.IO.Path.Combine(Repository.Root, ".gitignore"))
           where line.StartsWith("!/models/", StringComparison.Ordinal) && line.TrimEnd().EndsWith('/')
           select line["!/models/".Length..].TrimEnd('/', ' '),
    ];

    /// <summary>Links the shipped models into a folder, which is made when missing.</summary>
    public static void LinkInto(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string name in Names)
            Directory.CreateSymbolicLink(System.IO.Path.Combine(folder, name), System.IO.Path.Combine(Repository.Root, "models", name));
    }

    /// <summary>Removes the links; the models stay.</summary>
    public void Dispose()
    {
        foreach (string link in Directory.GetDirectories(Path)) Directory.Delete(link);
        Directory.Delete(Path);
    }
}
