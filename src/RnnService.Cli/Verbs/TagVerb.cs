using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn tag</c>: one label a word.</summary>
internal sealed class TagVerb : Verb
{
    private readonly CancellationToken _stop;
    private readonly Argument<string> _model = ModelArgument.Create();
    private readonly Argument<string[]> _texts = TextArguments.Create();

    private readonly Option<bool> _spans = new("--spans") { Description = "Join words into the spans that labels mark (BIO, IO, BIOES, BMES, BILOU): nothing for O." };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "One JSON object a text: its words, or spans, with label, probability and offsets in code points, the end exclusive.",
    };

    public TagVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "tag", "Labels every word of each text with a tagger, or every character with one over characters.",
            "One line a word: word, label and probability separated by tabs; an empty line after each text.",
            "rnn tag pos \"The quick brown fox jumps.\"",
            "rnn tag pos --json < sentences.txt")
    {
        _stop = stop;
        Add(_model);
        Add(_texts);
        Add(_spans);
        Add(_json);
    }

    protected override int Run(ParseResult parsed)
    {
        var model = ModelArgument.Load<Tagger>(Terminal, parsed.GetValue(_model)!);
        bool json = parsed.GetValue(_json), spans = parsed.GetValue(_spans);
        int number = 0;
        return ForEach(TextArguments.Read(Terminal, parsed.GetValue(_texts), _stop), text =>
        {
            List<Token> words = model.Split(text);
            TaggerInput input = model.Encode(words.Select(word => word.Text));
            Terminal.Warn($"text {++number}", model.Warning(text, input));
            TagScore[] tags = model.Tag([input])[0];
            Piece[] pieces = [.. (spans ? model.SpansOf(text, words, tags) : model.WordsOf(words, tags)).Select(Piece.Of)];
            if (json)
            {
                Terminal.Out.WriteJson(spans ? new { Text = text, Spans = pieces } : (object)new { Text = text, Words = pieces });
                return;
            }

            foreach (Piece piece in pieces) Terminal.Out.WriteLine($"{piece.Text}\t{piece.Label}\t{Figures.Real(piece.Score)}");
            Terminal.Out.WriteLine();
        });
    }

    /// <summary>A word or span with its label; offsets in code points.</summary>
    private sealed record Piece(string Text, string Label, float Score, int Start, int End)
    {
        public static Piece Of(TaggedSpan span) => new(span.Text, span.Label, span.Score, span.CodePointStart, span.CodePointEnd);
    }
}
