using System.Text;

namespace RnnService.Benchmarks;

/// <summary>Markdown that is shown as it comes and may be written in the end.</summary>
internal sealed class Report
{
    private readonly StringBuilder _text = new();

    /// <summary>Whether a goal was reached, in a table.</summary>
    public static string Met(bool met) => met ? "yes" : "no";

    /// <summary>Adds lines.</summary>
    public void Say(string lines)
    {
        Console.WriteLine(lines);
        _text.Append(lines).Append('\n');
    }

    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, _text.ToString());
    }
}
