using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn classify</c>: one label a text.</summary>
internal sealed class ClassifyVerb : Verb
{
    private readonly CancellationToken _stop;
    private readonly Argument<string> _model = ModelArgument.Create();
    private readonly Argument<string[]> _texts = TextArguments.Create();

    private readonly Option<bool> _json = new("--json")
    {
        Description = "One JSON object a text: the text and the probability of every label, best first.",
    };

    public ClassifyVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "classify", "Gives each text a label with a classifier.",
            "One line a text: the likeliest label, its probability, the text.",
            "rnn classify sentiment \"A lovely film.\" \"Two hours I want back.\"",
            "rnn classify sentiment --json < reviews.txt")
    {
        _stop = stop;
        Add(_model);
        Add(_texts);
        Add(_json);
    }

    protected override int Run(ParseResult parsed)
    {
        var model = ModelArgument.Load<Classifier>(Terminal, parsed.GetValue(_model)!);
        bool json = parsed.GetValue(_json);
        int width = model.Config.Labels.Max(label => label.Length);
        int number = 0;
        return ForEach(TextArguments.Read(Terminal, parsed.GetValue(_texts), _stop), text =>
        {
            Terminal.Warn($"text {++number}", model.Warning(text, model.Encode(text)));
            ModelAnswer answer = model.Answer(text);
            NetworkException.ThrowIfNotFinite([.. answer.Scores]);
            if (json)
            {
                Terminal.Out.WriteJson(new { Text = text, Labels = answer.Labels.Zip(answer.Scores, (label, score) => new { label, score }) });
            }
            else
            {
                string percent = Figures.Percent(answer.Scores[0]).PadLeft(Figures.Percent(1).Length);
                Terminal.Out.WriteLine($"{answer.Labels[0].PadRight(width)}  {percent}  {text.ReplaceLineEndings(" ")}");
            }
        });
    }
}
