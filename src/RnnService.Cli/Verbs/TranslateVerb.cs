using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn translate</c>: one text for another.</summary>
internal sealed class TranslateVerb : Verb
{
    /// <summary>Lines of a file that are translated together.</summary>
    private const int LinesAtOnce = 32;

    private readonly CancellationToken _stop;
    private readonly Argument<string> _model = ModelArgument.Create();
    private readonly Argument<string[]> _texts = TextArguments.Create();
    private readonly TranslationArguments _translation = new();

    private readonly NumberOption<int> _best = new("--n-best")
    {
        Description = "Translations of each text, best first, each with its score; of as many beams at least. [default: 1]",
    };

    private readonly Option<bool> _attention = new("--attention")
    {
        Description = "Below each translation where it looked: a row a token written, a column a token read, the darker the more.",
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "One JSON object a text: its translations, best first, with score, tokens and, with --attention, the weights.",
    };

    public TranslateVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "translate", "Translates each text, or makes of it what else a translator learned.",
            "One line a text: its translation; an empty line stays one, so that lines of a file keep their numbers.",
            "rnn translate translate-fr-en \"Où est la gare ?\" --beams 5",
            "rnn translate translate-fr-en \"Je t'aime.\" --n-best 3 --attention",
            "rnn translate translate-fr-en < lines.fr > lines.en")
    {
        _stop = stop;
        Add(_model);
        Add(_texts);
        _translation.AddTo(this);
        foreach (Option option in (Option[])[_best, _attention, _json]) Add(option);
    }

    protected override int Run(ParseResult parsed)
    {
        var model = ModelArgument.Load<Translator>(Terminal, parsed.GetValue(_model)!);
        bool json = parsed.GetValue(_json), attention = parsed.GetValue(_attention);
        int best = parsed.GetValue(_best) ?? 1;
        if (best < 1) throw new CommandException($"--n-best is {best}; expected 1 or more");
        if (attention && model.Config.Decoder!.Attention == AttentionKind.None)
            throw new CommandException("--attention is given, but this model's decoder attends to nothing; expected a model with attention");
        GenerationOptions options = _translation.Of(parsed, model, best);
        string[]? given = parsed.GetValue(_texts);
        // A person who types wants each answer at once.
        int atOnce = given is { Length: > 0 } || Terminal.InputIsPiped ? LinesAtOnce : 1;
        int code = ExitCode.Done, number = 0;
        foreach (string[] texts in TextArguments.Read(Terminal, given, _stop).Chunk(atOnce))
        {
            GenerationStream?[]? together = Together(model, texts, options);
            int at = 0;
            int done = ForEach(texts, text =>
            {
                number++;
                try
                {
                    GenerationStream? found = together is null ? Together(model, [text], options, throws: true)![0] : together[at++];
                    Terminal.Warn($"text {number}", found?.Warning);
                    Show(text, found, json, attention, best > 1);
                }
                catch (ArgumentException error)
                {
                    // Its line stays empty, and the others are translated.
                    Terminal.Error.WriteLine($"rnn: text {number}: {FailureSentence.Of(error)}");
                    if (!json) Terminal.Out.WriteLine();
                    code = ExitCode.Failed;
                }
            });
            if (done != ExitCode.Done) code = done;
        }

        return code;
    }

    /// <summary>Translations of several texts, none of an empty one; null where one of them cannot be translated.</summary>
    private static GenerationStream?[]? Together(Translator model, string[] texts, GenerationOptions options, bool throws = false)
    {
        int[] full = [.. Enumerable.Range(0, texts.Length).Where(i => !string.IsNullOrWhiteSpace(texts[i]))];
        var all = new GenerationStream?[texts.Length];
        try
        {
            IReadOnlyList<GenerationStream> found = model.Translate([.. full.Select(i => texts[i])], options);
            for (int i = 0; i < full.Length; i++) all[full[i]] = found[i];
            return all;
        }
        catch (Exception error) when (!throws && error is NetworkException or ArgumentException)
        {
            return null;
        }
    }

    private void Show(string text, GenerationStream? found, bool json, bool attention, bool scores)
    {
        IReadOnlyList<Hypothesis> translations = found?.Hypotheses ?? [];
        if (json)
        {
            Terminal.Out.WriteJson(new
            {
                Text = text,
                Translations = translations.Select(one => new
                {
                    one.Text,
                    one.Score,
                    one.LogProbability,
                    FinishReason = one.Finished,
                    Tokens = one.Tokens.Select(token => new { token.Text, token.LogProbability }),
                    Attention = attention ? one.Attention : null,
                }),
                SourceTokens = attention ? found?.SourceTokens : null,
            });
            return;
        }

        if (translations.Count == 0) Terminal.Out.WriteLine();
        foreach (Hypothesis one in translations)
        {
            string line = one.Text.ReplaceLineEndings(" ");
            Terminal.Out.WriteLine(scores ? $"{Figures.Real(one.Score)}  {line}" : line);
            if (!attention) continue;
            foreach (string row in AttentionPicture.Lines(found!.SourceTokens, [.. one.Tokens.Select(token => token.Text)], one.Attention)) Terminal.Out.WriteLine(row);
        }
    }
}
