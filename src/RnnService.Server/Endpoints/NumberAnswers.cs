using RnnService.AspNetCore.Models;
using RnnService.Audio;
using RnnService.Engine.Models;

namespace RnnService.Server.Endpoints;

/// <summary>What the outputs of a network that reads numbers mean, in the words of answers.</summary>
internal static class NumberAnswers
{
    /// <summary>The label of each step, those in a row that have the same joined where that is asked for.</summary>
    /// <param name="model">The tagger.</param>
    /// <param name="outputs">Of each step.</param>
    /// <param name="first">Index of the first of the steps.</param>
    /// <param name="joins">Whether to join.</param>
    public static List<TaggedSteps> Tags(NumberTagger model, float[] outputs, long first, bool joins)
    {
        var tags = new List<TaggedSteps>();
        foreach (TagScore tag in model.Tags(outputs))
        {
            string label = model.Labels[tag.Label];
            if (joins && tags.Count > 0 && tags[^1] is var last && last.Label == label)
                tags[^1] = last with { Score = last.Score + (tag.Score - last.Score) / (first + 1 - last.Start), End = ++first };
            else tags.Add(new TaggedSteps(label, tag.Score, first, ++first));
        }

        return tags;
    }

    /// <summary>What was heard, with each symbol where that is asked for.</summary>
    /// <param name="served">The transcriber.</param>
    /// <param name="outputs">Of each step.</param>
    /// <param name="asked">How to answer.</param>
    public static Transcription Heard(ServedTranscriber served, float[] outputs, TranscribeParameters? asked)
    {
        Transcript heard = served.Model.Decode(outputs, (int)(asked?.Beams ?? 1));
        return new Transcription { Text = heard.Text, Symbols = asked?.Details ?? false ? Symbols(heard.Symbols, served.Sound) : null };
    }

    /// <summary>Symbols as answers have them.</summary>
    public static TranscribedSymbol[] Symbols(IEnumerable<HeardSymbol> symbols, AudioFeatures? sound) =>
    [
        .. symbols.Select(one => new TranscribedSymbol
        {
            Symbol = one.Text, Step = one.Step, Seconds = sound?.SecondsAt(one.Step), Score = MathF.Exp(one.LogProbability),
        }),
    ];

    /// <summary>The logits of which one symbol it is, in the order of symbols.</summary>
    public static float[] OneSymbol(Transcriber model, float[] outputs)
    {
        const float least = 1e-30f; // where the logarithm is still finite
        Dictionary<string, float> scores = model.OneSymbol(outputs).ToDictionary(one => one.Label, one => one.Score);
        return [.. model.Config.Labels.Select(label => MathF.Log(MathF.Max(scores[label], least)))];
    }

    /// <summary>Rows of numbers of one width.</summary>
    public static float[][] Rows(float[] values, int width) => [.. values.Chunk(width)];
}
