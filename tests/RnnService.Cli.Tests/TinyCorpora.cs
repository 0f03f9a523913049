using System.Text;

namespace RnnService.Cli.Tests;

/// <summary>Corpora that a tiny network learns in a second or two.</summary>
internal static class TinyCorpora
{
    private static readonly string[] Good = ["lovely", "fine", "warm"], Bad = ["dull", "poor", "cold"];
    private static readonly string[] Things = ["film", "book", "song", "day"];

    /// <summary>The same line over and over: predictable but for nothing.</summary>
    public static string Text(int lines) => string.Concat(Enumerable.Repeat("tick tock goes the clock\n", lines));

    /// <summary>Lines "label TAB text" whose label hangs on one word.</summary>
    public static string Labelled(int lines)
    {
        var text = new StringBuilder();
        for (int i = 0; i < lines; i++)
        {
            string[] words = i % 2 == 0 ? Good : Bad;
            text.Append($"{(i % 2 == 0 ? "good" : "bad")}\tA {words[i / 2 % words.Length]} {Things[i / 3 % Things.Length]}.\n");
        }

        return text.ToString();
    }

    /// <summary>Numbers in German and English: "eins zwei TAB one two", three or four of them.</summary>
    public static string Pairs(int lines)
    {
        string[] german = ["eins", "zwei", "drei"], english = ["one", "two", "three"];
        return string.Concat(Enumerable.Range(0, lines).Select(i => new[] { i % 3, i / 3 % 3, i / 9 % 3, i / 27 % 3 }[..(3 + (i % 2))])
            .Select(line => $"{string.Join(' ', line.Select(number => german[number]))}\t{string.Join(' ', line.Select(number => english[number]))}\n"));
    }

    /// <summary>Word and BIO tag columns: names of people and places.</summary>
    public static string Spans(int sentences)
    {
        string[] people = ["Ada", "Alan", "Grace"], places = ["London", "Paris", "Rome"];
        var text = new StringBuilder();
        for (int i = 0; i < sentences; i++)
        {
            text.Append($"{people[i % 3]}\tB-PER\nByron\tI-PER\nsaw\tO\n{places[i / 3 % 3]}\tB-LOC\n.\tO\n\n");
        }

        return text.ToString();
    }
}
