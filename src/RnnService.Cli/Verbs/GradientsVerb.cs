using System.CommandLine;
using System.Globalization;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn gradients</c>: how far back an answer looks.</summary>
internal sealed class GradientsVerb : Verb
{
    private readonly Argument<string> _model = ModelArgument.Create();

    private readonly Option<string> _text = new("--text") { Description = "The text; unless given the model's first example.", HelpName = "TEXT" };

    private readonly NumberOption<int> _at = new("--at")
    {
        Description = "Index of the token whose answer it is, negative from the end; a classifier answers once for the text. [default: -1, with --loss of a language model -2]",
    };

    private readonly Option<string?> _loss = new("--loss")
    {
        Description = "Of the loss: of this label, or of the token that a language model's text goes on with.",
        HelpName = "LABEL",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _json = new("--json") { Description = "The norms as one JSON object." };

    private readonly Option<string> _out = new("--out") { Description = "Also draw the norms by distance into this SVG file.", HelpName = "FILE" };

    public GradientsVerb(Terminal terminal)
        : base(
            terminal, "gradients", "Shows how far back an answer looks.",
            "One line a token: its distance from the answer, the norm of the answer's gradient with respect to its embedding, and to each layer's "
            + "state after it. Norms that fall with the distance are vanishing gradients, norms that rise exploding ones. The answer is a "
            + "classifier's or tagger's margin (the label's logit minus the mean of the others') or the log-probability of the likeliest next token; with "
            + "--loss it is minus the log-probability of what is right.",
            "rnn gradients sentiment",
            "rnn gradients shakespeare --text \"ROMEO: But soft, what light through yonder window\" --loss",
            "rnn gradients pos --text \"Time flies like an arrow.\" --at 2 --out flies.svg")
    {
        Add(_model);
        Add(_text);
        Add(_at);
        Add(_loss);
        Add(_out);
        Add(_json);
    }

    protected override int Run(ParseResult parsed)
    {
        LoadedModel loaded = ModelArgument.LoadToInspect(Terminal, parsed.GetValue(_model)!);
        TextModel model = loaded.TextModel;
        TokenizedText text = model.Read(parsed.GetValue(_text) ?? model.Config.Examples.FirstOrDefault()
            ?? throw new CommandException("--text is missing; expected a text, since the model has no examples"));
        bool isLoss = parsed.GetResult(_loss) is not null;
        int at = parsed.GetValue(_at) ?? (isLoss && model is LanguageModel ? -2 : -1);
        var options = new InspectionOptions { Gradients = true, Units = 1, At = at, Target = isLoss ? TargetOf(model, text, at, parsed.GetValue(_loss)) : null };
        GradientNorms norms = model.Inspect([text], [options])[0].Gradients
            ?? throw new CommandException($"--text holds no {model.Tokenizer.Unit} that the model reads; expected one or more");
        var reach = new GradientReach(model, text, norms, isLoss);
        if (parsed.GetValue(_json)) Terminal.Out.WriteJson(reach.ToJson(loaded.Name));
        else Show(reach);
        if (parsed.GetValue(_out) is { } file) File.WriteAllText(file, reach.ToSvg(loaded.Name));
        return ExitCode.Done;
    }

    /// <summary>What should have come out.</summary>
    private static int TargetOf(TextModel model, TokenizedText text, int at, string? label)
    {
        if (model is LanguageModel)
        {
            if (label is not null) throw new CommandException($"--loss is {label}; expected no label, since a language model's text says what comes next");
            int next = at < 0 ? text.Ids.Length + at + 1 : at + 1;
            return next > 0 && next < text.Ids.Length
                ? text.Ids[next]
                : throw new CommandException($"--at is {at}; expected a token that another follows, since --loss asks for it");
        }

        int place = model.Config.NetworkLabels.ToList().IndexOf(label ?? "");
        return place >= 0 ? place : throw new CommandException($"--loss is {label ?? "empty"}; expected one of {Listing.Of(model.Config.NetworkLabels)}");
    }

    private void Show(GradientReach reach)
    {
        Terminal.Out.WriteLine(reach.Sentence);
        Terminal.Out.WriteLine();
        string[] headings = ["back", "token", "input", .. reach.SlotNames];
        List<string[]> rows = [headings];
        for (int t = 0; t < reach.Text.Ids.Length; t++)
        {
            rows.Add([
                reach.Distance(t).ToString(CultureInfo.InvariantCulture), reach.Text.Tokens[t].Text.ReplaceLineEndings("⏎"),
                Norm(reach.Norms.Inputs[t]), .. reach.Norms.States.Select(state => Norm(state[t])),
            ]);
        }

        int[] widths = [.. headings.Select((_, column) => rows.Max(row => row[column].Length))];
        float most = reach.Norms.Inputs.Max();
        for (int i = 0; i < rows.Count; i++)
        {
            string[] row = rows[i];
            string bar = i == 0 || most == 0 ? "" : new string('█', (int)MathF.Round(reach.Norms.Inputs[i - 1] / most * 20));
            Terminal.Out.WriteLine(string.Join("  ", row.Select((value, column) => column == 1 ? value.PadRight(widths[1]) : value.PadLeft(widths[column]))
                .Append(bar)).TrimEnd());
        }
    }

    private static string Norm(float value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
