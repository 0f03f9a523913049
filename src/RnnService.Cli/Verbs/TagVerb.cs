using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Engine.Tasks;
using RnnService.Engine.Text;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn tag</c>: one label a word.</summary>
internal sealed class TagVerb : Verb
{
    private readonly CancellationToken _stop;
    private readonly Argument<string> _model = ModelArgument.Create();
    private readonly Argument<string[]> _texts = TextArguments.Create();

    private readonly Option<bool> _json = new("--json")
    {
        Description = "One JSON object a text: its words with label, probability and offsets in code points, the end exclusive.",
    };

    public TagVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "tag", "Labels every word of each text with a tagger.",
            "One line a word: word, label and probability separated by tabs; an empty line after each text.",
            "rnn tag pos \"The quick brown fox jumps.\"",
            "rnn tag pos --json < sentences.txt")
    {
        _stop = stop;
        Add(_model);
        Add(_texts);
        Add(_json);
    }

    protected override int Run(ParseResult parsed)
    {
        var model = ModelArgument.Load<Tagger>(parsed.GetValue(_model)!);
        bool json = parsed.GetValue(_json);
        foreach (string text in TextArguments.Read(Terminal, parsed.GetValue(_texts), _stop))
        {
            List<WordToken> words = model.Tokenize(text);
            TagScore[] tags = model.Tag([model.Encode(words.Select(word => word.Text))])[0];
            var tagged = words.Zip(tags, (word, tag) => (Word: word, Label: model.Config.Labels[tag.Label], tag.Score));
            if (json)
            {
                Terminal.Out.WriteJson(new
                {
                    Text = text,
                    Words = tagged.Select(entry => new { Word = entry.Word.Text, entry.Label, entry.Score, entry.Word.Start, entry.Word.End }),
                });
            }
            else
            {
                foreach (var (word, label, score) in tagged) Terminal.Out.WriteLine($"{word.Text}\t{label}\t{Figures.Real(score)}");
                Terminal.Out.WriteLine();
            }
        }

        return RnnCommand.Done;
    }
}
