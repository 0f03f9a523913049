using System.Reflection;
using System.Text.Json;
using RnnService.Engine.Text;

namespace RnnService.Training.Recipes;

/// <summary>Every setting of a recipe: what it means, what it may be, and which one was probably meant by a name that is none.</summary>
internal static class RecipeSettings
{
    private static readonly Lazy<IReadOnlyList<Setting>> Described = new(() => [.. SettingRows.All.Select(Describe)]);

    /// <summary>Every setting, grouped as in a recipe.</summary>
    public static IReadOnlyList<Setting> All => Described.Value;

    /// <summary>The setting of this path.</summary>
    /// <exception cref="ArgumentException">There is none; the message names the nearest.</exception>
    public static Setting Of(string path) => Find(path) ?? throw new ArgumentException(Unknown(path));

    /// <summary>The paths that the types of a recipe have, described or not.</summary>
    internal static IEnumerable<string> Paths => PathsOf(typeof(Recipe), "");

    internal static Setting? Find(string path)
    {
        string row = AsRow(path);
        return All.FirstOrDefault(setting => setting.Path == row);
    }

    /// <summary>That a path is no setting, with the one probably meant: of the same object, or else of another.</summary>
    internal static string Unknown(string path)
    {
        int dot = path.LastIndexOf('.');
        string parent = path[..(dot + 1)], name = path[(dot + 1)..];
        string[] siblings = [.. Paths.Where(other => AsRow(path).Length > 0 && other.StartsWith(AsRow(parent), StringComparison.Ordinal))
            .Select(other => other[AsRow(parent).Length..].Split('.')[0]).Distinct()];
        string? near = NearestName.Of(name, siblings) is { } sibling
            ? parent + sibling
            : Near(name);
        if (near is not null) return $"{path} is unknown; did you mean {near}?";
        return $"{path} is unknown; expected one of {Listing.Of(siblings)}";
    }

    /// <summary>The setting that was probably meant by a name without its group, such as one of another library; null when none is near.</summary>
    public static string? Near(string name) => SettingRows.OfOtherLibraries.GetValueOrDefault(name.ToLowerInvariant())
        ?? NearestName.Of(name, All.Select(setting => setting.Path).Where(other => !other.Contains("[]", StringComparison.Ordinal)), LastPart);

    /// <summary>Checks the numbers of an object against the bounds of its settings.</summary>
    /// <exception cref="ArgumentException">One is outside; the message names the setting, the value and the bounds.</exception>
    internal static void CheckBounds(object value, string path)
    {
        foreach (var (name, property) in RecipeShape.Members(value.GetType()))
        {
            string own = path.Length > 0 ? $"{path}.{name}" : name;
            object? found = property.GetValue(value);
            if (found is null) continue;
            if (RecipeShape.IsObject(property.PropertyType))
                CheckBounds(found, own);
            else if (Find(own) is { Bounds: { } bounds } setting && found is IConvertible number && !bounds.Contain(number.ToDouble(null)))
                throw new ArgumentException(FormattableString.Invariant($"{own} is {found}; expected {setting.Expected}"));
        }
    }

    // data.valid[2].path is described as data.train[].path.
    private static string AsRow(string path)
    {
        int open = path.IndexOf('[', StringComparison.Ordinal);
        if (open < 0) return path;
        string list = path[..open];
        return (list == "data.valid" ? "data.train" : list) + "[]" + path[(path.IndexOf(']', open) + 1)..];
    }

    private static string LastPart(string path) => path[(path.LastIndexOf('.') + 1)..];

    private static Setting Describe(SettingRow row)
    {
        (Type type, object? owner) = (typeof(Recipe), null);
        PropertyInfo? property = null;
        foreach (string part in row.Path.Replace("[]", ".[]", StringComparison.Ordinal).Split('.'))
        {
            if (part == "[]")
            {
                type = RecipeShape.ElementOf(type)!;
                continue;
            }

            owner = RecipeShape.Empty(type);
            property = RecipeShape.Members(type).Single(member => member.Name == part).Property;
            type = property.PropertyType;
        }

        string kind = RecipeShape.KindOf(type);
        string expected = row.Bounds is null ? kind
            : row.Bounds.Least == row.Bounds.Most ? row.Bounds.Least.ToString("0", null)
            : $"{kind}, {row.Bounds}";
        string? usual = RecipeShape.IsRequired(property!) ? null : JsonSerializer.Serialize(property!.GetValue(owner), type, RecipeJson.Options);
        return new Setting(row.Path, row.Meaning, expected, usual) { Bounds = row.Bounds };
    }

    private static IEnumerable<string> PathsOf(Type type, string path)
    {
        foreach (var (name, property) in RecipeShape.Members(type))
        {
            string own = path + name;
            if (RecipeShape.IsObject(property.PropertyType))
            {
                foreach (string inner in PathsOf(property.PropertyType, own + ".")) yield return inner;
            }
            else if (RecipeShape.ElementOf(property.PropertyType) is { } element && RecipeShape.IsObject(element))
            {
                if (own == "data.valid") continue; // as data.train
                foreach (string inner in PathsOf(element, own + "[].")) yield return inner;
            }
            else
            {
                yield return own;
            }
        }
    }
}
