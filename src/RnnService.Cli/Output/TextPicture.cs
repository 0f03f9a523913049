using System.Globalization;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Cli.Output;

/// <summary>What a model does while it reads a text: its units and, of a classifier, the score after each token and each token's share.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Text">The tokens.</param>
/// <param name="Options">What of its units is seen.</param>
/// <param name="Seen">What they did.</param>
/// <param name="Explained">Of a classifier, why it answers as it does.</param>
/// <param name="Label">Its answer.</param>
internal sealed record TextPicture(
    string Name, TokenizedText Text, InspectionOptions Options, Inspection Seen, Explanation? Explained, string? Label)
{
    /// <summary>Looks.</summary>
    /// <exception cref="ArgumentException">The options ask for something that the network does not have.</exception>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    public static TextPicture Of(LoadedModel loaded, string text, InspectionOptions options)
    {
        TextModel model = loaded.TextModel;
        TokenizedText read = model.Read(text);
        Inspection seen = model.Inspect([read], [options])[0];
        Explanation? explained = model is Classifier classifier ? classifier.Explain([read.Ids])[0] : null;
        return new TextPicture(loaded.Name, read, options, seen, explained, explained is null ? null : model.Config.Labels[explained.Label]);
    }

    /// <summary>The explained label's probability after each token.</summary>
    public float[] RunningScores() => [.. Explained!.Running.Select(logits =>
    {
        float[] scores = [.. logits];
        Activations.Softmax(scores);
        return scores[Explained.Label];
    })];

    /// <summary>What is seen, in one line.</summary>
    public string Title => string.Create(CultureInfo.InvariantCulture,
        $"{Name}: {SnakeCase.Of(Options.Kind)} of layer {Options.Layer}{(Options.Reverse ? ", from the end" : "")}, units {Options.FirstUnit} to {Options.FirstUnit + Units - 1}, {Text.Ids.Length} tokens");

    private int Units => Seen.Activations.Count == 0 ? 1 : Seen.Activations[0].Length;

    /// <summary>The picture as the content of an SVG file.</summary>
    public string ToSvg()
    {
        bool isGate = Options.Kind is not (ActivationKind.Hidden or ActivationKind.Cell or ActivationKind.Candidate);
        List<string> description = [isGate ? "White is 0, a closed gate; orange is 1, an open one." : "Orange is above 0, blue below; the strongest colour is 1 and more."];
        if (Label is not null) description.Add($"The line is the probability of {Label} after each token; the row below is each token's share, orange for it and blue against.");
        var map = new HeatMap(Title, description, [.. Text.Tokens.Select(token => token.Text)]);
        if (Explained is not null)
        {
            map.AddLine("score", RunningScores());
            map.AddRow("share", Explained.Contributions);
        }

        map.AddUnits(Options.FirstUnit, Seen.Activations);
        return map.ToSvg();
    }

    /// <summary>The same as numbers, for a JSON object.</summary>
    public object ToJson()
    {
        float[]? scores = Explained is null ? null : RunningScores();
        return new
        {
            Model = Name,
            Options.Layer,
            Options.Reverse,
            Of = SnakeCase.Of(Options.Kind),
            Options.FirstUnit,
            Label,
            Explained?.Baseline,
            Explained?.Value,
            Explained?.CompletenessGap,
            Tokens = Text.Tokens.Select((token, i) => new
            {
                token.Text,
                Start = token.CodePointStart,
                End = token.CodePointEnd,
                Score = scores?[i],
                Contribution = Explained?.Contributions[i],
                Values = Seen.Activations[i],
            }),
        };
    }
}
