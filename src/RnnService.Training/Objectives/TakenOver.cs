using System.Globalization;

namespace RnnService.Training.Objectives;

/// <summary>
/// What a new model has of the one that it starts from: embeddings of tokens, layers by name and shape, and of a model of the same task what the head
/// makes of the labels that both have.
/// </summary>
/// <param name="Path">The folder of the other.</param>
/// <param name="Weights">Hash of its weight file, lower-case hexadecimal.</param>
internal sealed record TakenOver(string Path, string Weights)
{
    /// <summary>Tokens that the other knows; 0 where both read numbers.</summary>
    public int Tokens { get; init; }

    /// <summary>Tokens of the corpora that it does not know.</summary>
    public int NewTokens { get; init; }

    /// <summary>Recurrent layers.</summary>
    public int Layers { get; init; }

    /// <summary>Labels, or tokens of a head over them, whose rows of the head were taken.</summary>
    public int Labels { get; init; }

    /// <summary>Such as "8,000 tokens, 2 layers; 312 new tokens".</summary>
    public override string ToString()
    {
        string tokens = Tokens == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{Tokens:N0} tokens, ");
        string head = Labels == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", the head of {Labels:N0} {(Labels == 1 ? "output" : "outputs")}");
        string added = Tokens == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {NewTokens:N0} new {(NewTokens == 1 ? "token" : "tokens")}");
        return $"{tokens}{Layers} {(Layers == 1 ? "layer" : "layers")}{head}{added}";
    }
}
