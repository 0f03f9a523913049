using RnnService.AspNetCore.Scheduling;
using RnnService.Audio;
using RnnService.Engine.Generation;
using RnnService.Engine.Models;

namespace RnnService.Server.Endpoints;

/// <summary>What the outputs of a network that reads numbers mean, in the words of answers.</summary>
internal static class NumberAnswers
{
    /// <summary>About the bytes of a step that has a label, or of a symbol that was heard, in an answer.</summary>
    public const int BytesOfStep = 80;

    /// <summary>Prefixes that are made longer in one turn of a search: some tens of milliseconds.</summary>
    private const int PrefixesOfTurn = 262_144;

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

    /// <summary>What was heard in each sequence. A long search goes on in turns, and ends with the request.</summary>
    /// <param name="call">The request.</param>
    /// <param name="model">The transcriber.</param>
    /// <param name="outputs">Of each step of each sequence.</param>
    /// <param name="beams">Strings followed side by side.</param>
    /// <exception cref="OperationCanceledException">The time is over, or the client has left.</exception>
    public static async ValueTask<TextAnswers<Transcript>> HeardAsync(InferenceCall call, Transcriber model, TextAnswers<float[]> outputs, int beams)
    {
        var heard = new Transcript[outputs.Outputs.Length];
        for (int i = 0; i < heard.Length; i++)
        {
            if (outputs.Failures.ContainsKey(i)) continue;
            heard[i] = beams == 1 ? model.Decode(outputs.Outputs[i]) : await SearchAsync(call, model, outputs.Outputs[i], beams);
        }

        return new TextAnswers<Transcript>(heard, outputs.Failures);
    }

    /// <summary>What was heard as answers have it, with each symbol where that is asked for.</summary>
    public static Transcription Heard(Transcript heard, AudioFeatures? sound, bool withSymbols) =>
        new() { Text = heard.Text, Symbols = withSymbols ? Symbols(heard.Symbols, sound) : null };

    /// <summary>About the most bytes of a text that says something at each of so many steps.</summary>
    public static long BytesOfText(Transcriber model, long steps) => steps * (model.Symbols.Max(symbol => symbol.Length) + model.Numbers.Separator.Length);

    /// <summary>Symbols as answers have them.</summary>
    public static TranscribedSymbol[] Symbols(IEnumerable<HeardSymbol> symbols, AudioFeatures? sound) =>
    [
        .. symbols.Select(one => new TranscribedSymbol
        {
            Symbol = one.Text, Step = one.Step, Seconds = sound?.SecondsAt(one.Step), Score = MathF.Exp(one.LogProbability),
        }),
    ];

    /// <summary>Rows of numbers of one width.</summary>
    public static float[][] Rows(float[] values, int width) => [.. values.Chunk(width)];

    private static async ValueTask<Transcript> SearchAsync(InferenceCall call, Transcriber model, float[] outputs, int beams)
    {
        var search = new CtcBeamSearch(model.Outputs, beams);
        int piece = Math.Max(1, PrefixesOfTurn / (beams * model.Outputs)) * model.Outputs;
        for (int at = 0; at < outputs.Length; at += piece)
        {
            ReadOnlyMemory<float> next = outputs.AsMemory(at, Math.Min(piece, outputs.Length - at));
            await call.WorkAsync((long)outputs.Length * sizeof(float) * beams, () => search.Read(next.Span));
        }

        return model.Written(search.Best());
    }
}
