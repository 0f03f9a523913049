using RnnService.AspNetCore.Models;

namespace RnnService.Server.Options;

/// <summary>Finds the folder that holds the model folders.</summary>
internal static class ModelsPath
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
                ? Open(Path.GetFullPath(set))
                : throw new OptionsException([$"{Option} is \"{set}\"; expected a folder that exists"]);
        }

        foreach (string place in places)
        {
            for (DirectoryInfo? above = new(place); above is not null; above = above.Parent)
            {
                string path = Path.Combine(above.FullName, Name);
                if (Directory.Exists(path)) return Open(path);
            }
        }

        throw new OptionsException([$"{Option} is not set and there is no folder named "
            + $"{Name} at or above {string.Join(" or ", places.Distinct())}; expected a folder that holds one folder a model"]);
    }

    private static ModelsFolder Open(string path)
    {
        try
        {
            return ModelsFolder.Open(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OptionsException([$"{Option} is \"{path}\", which cannot be listed; expected a folder that the service's user may read"]);
        }
    }
}
