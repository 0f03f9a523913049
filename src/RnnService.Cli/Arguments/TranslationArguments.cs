using System.CommandLine;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;
using RnnService.Training.Recipes;

namespace RnnService.Cli.Arguments;

/// <summary>The options that say how a translator searches.</summary>
internal sealed class TranslationArguments
{
    /// <summary>How many beams may be followed at a time.</summary>
    public static readonly Bounds BeamBounds = new(1, 100);

    private readonly NumberOption<int> _beams = new("--beams", "-b")
    {
        Bounds = BeamBounds,
        Description = "Unfinished translations, or transcripts, followed at a time; 1 takes the likeliest token at every step [default: the model's, else 1].",
    };

    private readonly NumberOption<float> _lengthPenalty = new("--length-penalty")
    {
        Description = "With beams: translations are compared by log P / length^X [default: the model's, else 1, the mean over tokens].",
        HelpName = "X",
    };

    private readonly NumberOption<float> _coveragePenalty = new("--coverage-penalty")
    {
        Description = "With beams: weight of tokens of the source that a translation leaves out [default: the model's, else 0].",
        HelpName = "X",
    };

    private readonly NumberOption<int> _maxNewTokens = new("--max-new-tokens", "-n")
    {
        Description = "Most tokens of a translation, which never has more than twice its source's and 20 [default: the model's, else 200].",
    };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (Option option in (Option[])[_beams, _lengthPenalty, _coveragePenalty, _maxNewTokens]) verb.Add(option);
    }

    /// <summary>How many strings a transcriber keeps at every step.</summary>
    public int BeamsOf(ParseResult parsed) => parsed.GetValue(_beams) ?? 1;

    /// <summary>What they say.</summary>
    /// <param name="parsed">The options.</param>
    /// <param name="model">What translates; what is not said is its own.</param>
    /// <param name="best">How many translations of a text are asked for; as many beams follow at least.</param>
    /// <exception cref="CommandException">A number is out of its bounds.</exception>
    public GenerationOptions Of(ParseResult parsed, Translator model, int best = 1)
    {
        GenerationOptions usual = model.DefaultOptions;
        int beams = parsed.GetValue(_beams) ?? Math.Max(usual.Beams, best);
        if (beams < best) throw new CommandException($"--n-best is {best}; expected at most {beams} (--beams)");
        GenerationOptions options = usual with
        {
            Beams = beams,
            Best = best,
            LengthPenalty = parsed.GetValue(_lengthPenalty) ?? usual.LengthPenalty,
            CoveragePenalty = parsed.GetValue(_coveragePenalty) ?? usual.CoveragePenalty,
            MaxNewTokens = parsed.GetValue(_maxNewTokens) ?? usual.MaxNewTokens,
        };
        try
        {
            options.Validate();
        }
        catch (ArgumentException error)
        {
            throw new CommandException($"--{error.Message.Replace('_', '-')}");
        }

        return options;
    }
}
