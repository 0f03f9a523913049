using System.Text;
using System.Text.Json;
using RnnService.Engine.Tests.Architecture;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Tests;
using Xunit;

namespace RnnService.Engine.Tests.Text;

/// <summary>What docs/tokenization.md gives others to test against: the cases, and the rules in Python.</summary>
public sealed class EnglishTokensTests
{
    private static readonly string Examples = Path.Combine(SourceTree.RepositoryRoot, "docs", "examples");

    // What rules look for, in all orders; no line breaks, as a text is a line here.
    private static readonly string[] Pieces =
        ("a b n t s I d M l v E r C w x p h O 0 1 2 34 567 8901 . .. ... , : ; ! ? ' '' \" ` ( ) [ ] { } < > - -- = _ * ** ~ + # @ $ % & | / // \\ ^ "
        + "’ ‘ “ ” … – — ‐ é e\u0301 ß 漢 あ ไ 😀 👍🏽 👩‍👩‍👧 🇫🇷 ❤️ 𝒳f*** ½ ² € ° \u00a0 \u3000 \u200b \u00ad \ufeff ı İ © ™ http:// www. https://x. mailto: @x.com n't 'll "
        + "'s its lets Mr. e.g. U.S. Ph.D. p.m. No. etc. cannot gonna don't dont 5pm 1/2 9/11 555-1234 2024-05-17 1,000 1920x1080 :) :-( <3 ^_^ non- -wise "
        + "C++ C# US$ f*** w/o w/ R&D snake_case .doc .com example.com/ alt.bin. '60s 'tis 'em ?! -> +1 c'mon I'ma d'you IM 60's J.Hill").Split(' ');

    [Fact]
    public void The_cases_are_what_the_tokenizer_gives()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Examples, "english-tokens.jsonl"));
        Assert.True(lines.Length > 50);
        foreach (string line in lines)
        {
            JsonElement wanted = JsonElement.Parse(line);
            Assert.Equal(
                wanted.GetProperty("tokens").EnumerateArray().Select(token => (token[0].GetString()!, token[1].GetInt32(), token[2].GetInt32())),
                EnglishTokenizer.Words(wanted.GetProperty("text").GetString()!).Select(token => (token.Text, token.CodePointStart, token.CodePointEnd)));
        }
    }

    [Fact]
    public void The_rules_in_Python_give_the_same_tokens_for_any_text()
    {
        var random = new RandomSource(1);
        string[] texts = new string[4000];
        foreach (ref string text in texts.AsSpan())
        {
            var made = new StringBuilder();
            for (int left = 1 + random.Below(12); left > 0; left--)
                made.Append(Pieces[random.Below(Pieces.Length)]).Append(random.Below(5) == 0 ? " " : "");
            text = made.ToString();
        }

        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, string.Join('\n', texts));
            string[] lines = Python.Run(Examples, "english_tokens.py", "--split", file).TrimEnd('\n').Split('\n');
            Assert.Equal(texts.Length, lines.Length);
            for (int i = 0; i < lines.Length; i++)
            {
                Assert.Equal(
                    (texts[i], string.Join(' ', EnglishTokenizer.Words(texts[i]).Select(token => $"{token.Text}|{token.CodePointStart}|{token.CodePointEnd}"))),
                    (texts[i], string.Join(' ', JsonElement.Parse(lines[i]).GetProperty("tokens").EnumerateArray()
                        .Select(token => $"{token[0].GetString()}|{token[1].GetInt32()}|{token[2].GetInt32()}"))));
            }
        }
        finally
        {
            File.Delete(file);
        }

        Assert.EndsWith(" 0 wrong\n", Python.Run(Examples, "english_tokens.py"), StringComparison.Ordinal);
    }
}
