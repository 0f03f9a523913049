namespace RnnService.Server.Hosting;

/// <summary>The folder that holds the model folders.</summary>
/// <param name="Path">Full path; exists.</param>
/// <param name="Models">Names of the model folders, as they were at the start.</param>
internal sealed record ModelsFolder(string Path, IReadOnlyList<string> Models)
{
    private const string Name = "models";
    private const string Option = $"{ServiceOptions.Section}:{nameof(ServiceOptions.ModelsPath)}";

    /// <summary>The folder that is set, or the nearest one named models at or above the places given.</summary>
    /// <exception cref="OptionsException">It is not there.</exception>
    public static ModelsFolder Find(string set, params string[] places)
    {
        if (set.Length > 0)
        {
            return Directory.Exists(set)
                ? Of(System.IO.Path.GetFullPath(set))
                : throw new OptionsException([$"{Option} is \"{set}\"; expected a folder that exists"]);
        }

        foreach (string place in places)
        {
            for (DirectoryInfo? above = new(place); above is not null; above = above.Parent)
            {
                string path = System.IO.Path.Combine(above.FullName, Name);
                if (Directory.Exists(path)) return Of(path);
            }
        }

        throw new OptionsException([$"{Option} is not set and there is no folder named "
            + $"{Name} at or above {string.Join(" or ", places.Distinct())}; expected a folder that holds one folder a model"]);
    }

    private static ModelsFolder Of(string path)
    {
        try
        {
            return new ModelsFolder(path, [.. Directory.EnumerateDirectories(path).Select(one => System.IO.Path.GetFileName(one)!)
                .Where(name => name[0] != '.').Order(StringComparer.Ordinal)]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OptionsException([$"{Option} is \"{path}\", which cannot be listed; expected a folder that the service's user may read"]);
        }
    }
}
