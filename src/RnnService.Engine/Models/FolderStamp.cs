using System.Globalization;

namespace RnnService.Engine.Models;

/// <summary>What of a model folder changes when its model is saved anew: cheap to look at, without reading a file.</summary>
/// <param name="Files">Of each file where it really lies, its size and time; empty where there are none.</param>
/// <param name="IsWhole">Whether all files are there that the folder should have.</param>
internal readonly record struct FolderStamp(string Files, bool IsWhole)
{
    private const int MostLinks = 40;

    /// <summary>Whether the folder has no file of a model.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(Files);

    /// <summary>Looks at a folder, whatever is there.</summary>
    public static FolderStamp Of(string path)
    {
        var found = new List<string>();
        var files = new List<string>();
        foreach (string name in FolderFiles.All)
        {
            if (Look(path, name) is not { } look) continue;
            found.Add(name);
            files.Add(look);
        }

        return new FolderStamp(string.Join('\n', files), IsAll(path, found));
    }

    private static string? Look(string path, string name)
    {
        try
        {
            // Kubernetes changes where a link to a folder leads, with files of the same size and maybe of the same time.
            var file = new FileInfo(RealPath(Path.GetFullPath(FolderExchange.Locate(path, name))));
            return file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file} {file.LastWriteTimeUtc.Ticks} {file.Length}") : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message; // whoever loads it says so
        }
    }

    private static bool IsAll(string path, List<string> found)
    {
        bool isOnnx = found.Contains(FolderFiles.Onnx);
        if (!found.Contains(FolderFiles.Config) || !found.Contains(FolderFiles.Vocabulary)) return false;
        if (!isOnnx && !(found.Contains(FolderFiles.Weights) && found.Contains(FolderFiles.Golden))) return false;
        try
        {
            return !Checksums.Read(path, FolderFiles.Summed).Files.Except(found).Any();
        }
        catch (Exception error) when (error is ModelFolderException or IOException or UnauthorizedAccessException)
        {
            return true; // whoever loads it says what is wrong
        }
    }

    /// <summary>The path without links, in any of its parts.</summary>
    private static string RealPath(string path, int links = 0)
    {
        if (Path.GetDirectoryName(path) is not { } above) return path;
        string folder = RealPath(above, links), place = Path.Combine(folder, Path.GetFileName(path));
        if (new FileInfo(place).LinkTarget is not { } target) return place;
        return links < MostLinks ? RealPath(Path.GetFullPath(target, folder), links + 1) : throw new IOException($"{path}: is a link that leads round in circles");
    }
}
