using System.CommandLine;
using System.Runtime.ExceptionServices;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Generation;
using RnnService.Engine.Generation.Grammars;
using RnnService.Engine.Models;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn generate</c>: continues a text.</summary>
internal sealed class GenerateVerb : Verb
{
    private readonly CancellationToken _stop;
    private readonly Argument<string> _model = ModelArgument.Create();

    private readonly Argument<string> _prompt = new("PROMPT")
    {
        Description = "The text to continue; none reads standard input where that is piped, and else begins a text.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly NumberOption<int> _maxNewTokens = new("--max-new-tokens", "-n")
    {
        Description = "Most tokens to add [default: the model's, else 200].",
        HelpName = "N",
    };

    private readonly NumberOption<float> _temperature = new("--temperature", "-t")
    {
        Description = "Below 1 more likely text, above 1 more varied; 0 always takes the likeliest token [default: the model's, else 1].",
        HelpName = "T",
    };

    private readonly NumberOption<int> _topK = new("--top-k") { Description = "Draw from the k likeliest tokens alone; 0 means all.", HelpName = "K" };

    private readonly NumberOption<float> _topP = new("--top-p")
    {
        Description = "Draw from the likeliest tokens that reach this probability together; 1 means all.",
        HelpName = "P",
    };

    private readonly NumberOption<float> _penalty = new("--repetition-penalty")
    {
        Description = "Above 1 makes tokens already seen less likely.",
        HelpName = "X",
    };

    private readonly NumberOption<ulong> _seed = new("--seed") { Description = "The same seed draws the same text; none draws one.", HelpName = "N" };

    private readonly Option<string[]> _stopTexts = new("--stop")
    {
        Description = "End once the new text ends with this. May be repeated.",
        HelpName = "TEXT",
    };

    private readonly Option<string> _grammar = new("--grammar")
    {
        Description = "The new text matches this regular expression as a whole, or is cut by --max-new-tokens.",
        HelpName = "REGEX",
    };

    private readonly Option<string[]> _choices = new("--choices")
    {
        Description = "The new text is one of these.",
        HelpName = "TEXT",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _abc = new("--abc") { Description = "Prompt and new text are a tune in ABC notation whose bars add up to its metre." };

    private readonly Option<string> _midi = new("--midi")
    {
        Description = "Also write the tune, prompt and new text together, to this file as it is played.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _greedy = new("--greedy") { Description = "Take the likeliest token at every step." };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "One JSON object at the end: the new text without the prompt, why it ended, the number of tokens, the seed.",
    };

    public GenerateVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "generate", "Continues a text with a language model.",
            "The prompt is printed first, then each token as it comes.",
            "rnn generate shakespeare \"ROMEO:\" --max-new-tokens 400 --temperature 0.7 --seed 7",
            "rnn generate shakespeare --greedy --json < prompt.txt",
            "rnn generate music $'X:1\\nM:6/8\\nL:1/8\\nK:G\\n' --abc --midi jig.mid",
            "rnn generate shakespeare \"ROMEO:\" --grammar \"( [a-z]+){5}[.!]\"")
    {
        _stop = stop;
        Add(_model);
        Add(_prompt);
        foreach (Option option in (Option[])[_maxNewTokens, _temperature, _topK, _topP, _penalty, _seed, _stopTexts, _grammar, _choices, _abc, _midi, _greedy, _json])
            Add(option);
        Validators.Add(given =>
        {
            if (((Option[])[_grammar, _choices, _abc]).Count(option => given.GetResult(option) is { Implicit: false }) > 1)
                given.AddError("more than one of --grammar, --choices and --abc is given; expected either");
        });
    }

    protected override int Run(ParseResult parsed)
    {
        var model = ModelArgument.Load<LanguageModel>(Terminal, parsed.GetValue(_model)!);
        GenerationOptions usual = model.Config.Generation ?? new GenerationOptions();
        GenerationOptions options = usual with
        {
            MaxNewTokens = parsed.GetValue(_maxNewTokens) ?? usual.MaxNewTokens,
            Temperature = parsed.GetValue(_temperature) ?? usual.Temperature,
            TopK = parsed.GetValue(_topK) ?? usual.TopK,
            TopP = parsed.GetValue(_topP) ?? usual.TopP,
            RepetitionPenalty = parsed.GetValue(_penalty) ?? usual.RepetitionPenalty,
            Seed = parsed.GetValue(_seed) ?? usual.Seed,
            Stop = parsed.GetValue(_stopTexts) is { Length: > 0 } stop ? stop : usual.Stop,
            Grammar = Held(parsed) ?? usual.Grammar,
            DoSample = usual.DoSample && !parsed.GetValue(_greedy),
        };
        string prompt = Prompt(parsed.GetValue(_prompt));
        bool json = parsed.GetValue(_json);
        var stream = model.NewStream(prompt, options);
        Terminal.Warn("prompt", stream.Warning);
        if (!json) Terminal.Out.Write(prompt + stream.Text); // without a prompt there may be a first token
        var batch = model.NewBatch();
        while (stream.Finished is null)
        {
            _stop.ThrowIfCancellationRequested();
            batch.Advance([stream]);
            if (stream.Failure is { } failure)
            {
                if (!json) Terminal.Out.WriteLine();
                ExceptionDispatchInfo.Throw(failure);
            }

            if (json || stream.Newest is not { Token.IsSpecial: false } token) continue;
            Terminal.Out.Write(token.Token.Text);
            Terminal.Out.Flush();
        }

        if (json)
        {
            Terminal.Out.WriteJson(new
            {
                GeneratedText = stream.Text,
                FinishReason = stream.Finished,
                GeneratedTokens = stream.Tokens.Count,
                stream.Seed,
            });
        }
        else
        {
            Terminal.Out.WriteLine();
        }

        if (parsed.GetValue(_midi) is { } file) MidiOutput.Write(file, prompt, stream.Text);
        return ExitCode.Done;
    }

    private Grammar? Held(ParseResult parsed)
    {
        try
        {
            if (parsed.GetValue(_abc)) return Grammar.Tune;
            return parsed.GetValue(_grammar) is { } pattern ? Grammar.Regex(pattern)
                : parsed.GetValue(_choices) is { Length: > 0 } choices ? Grammar.Choices(choices) : null;
        }
        catch (GrammarException error)
        {
            throw new CommandException(error.Message);
        }
    }

    private string Prompt(string? given)
    {
        if (given is not null || !Terminal.InputIsPiped) return given ?? "";
        string text = Terminal.In.ReadToEnd();
        // The line break that ends a file or an echo is no part of the text to continue.
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }
}
