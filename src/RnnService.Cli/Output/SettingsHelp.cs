using System.Text;
using RnnService.Training.Recipes;

namespace RnnService.Cli.Output;

/// <summary>The settings of a recipe as a help text.</summary>
internal static class SettingsHelp
{
    private const int Width = 100, NameWidth = 18, DefaultWidth = 10;

    /// <summary>Every setting with its default, meaning and bounds, under the object that it belongs to.</summary>
    public static string Text()
    {
        var text = new StringBuilder("Settings, in a RECIPE or as --set GROUP.NAME=VALUE, each with the value it has where nothing is said:\n");
        foreach (var group in RecipeSettings.All.GroupBy(setting => setting.Path[..(setting.Path.LastIndexOf('.') + 1)]))
        {
            text.Append('\n');
            if (group.Key.Length > 0) text.Append($"{group.Key[..^1]}\n");
            foreach (Setting setting in group)
            {
                text.Append($"  {setting.Path[group.Key.Length..].PadRight(NameWidth)} {DefaultOf(setting).PadRight(DefaultWidth)} ");
                text.Append(Wrap($"{setting.Meaning} {Bounds(setting.Expected)}", NameWidth + DefaultWidth + 4)).Append('\n');
            }
        }

        return text.Append("\ndata.valid[] has the settings of data.train[].\n").ToString();
    }

    private static string DefaultOf(Setting setting) => setting.Default switch
    {
        null => "(needed)",
        "null" => "-",
        "2147483647" => "no limit",
        string value => value.Trim('"'),
    };

    // The kind of value is plain from default and meaning, but for the words of a choice.
    private static string Bounds(string expected)
    {
        if (expected is "a text" or "a list" or "an object" or "a number" or "a whole number" or "true or false") return "";
        return $"[{expected.Replace("a whole number, ", "", StringComparison.Ordinal).Replace("a number, ", "", StringComparison.Ordinal)}]";
    }

    private static string Wrap(string text, int indent)
    {
        var wrapped = new StringBuilder();
        int column = indent;
        foreach (string word in text.TrimEnd().Split(' '))
        {
            if (column > indent && column + word.Length + 1 > Width)
            {
                wrapped.Append('\n').Append(' ', indent);
                column = indent;
            }
            else if (column > indent)
            {
                wrapped.Append(' ');
                column++;
            }

            wrapped.Append(word);
            column += word.Length;
        }

        return wrapped.ToString();
    }
}
