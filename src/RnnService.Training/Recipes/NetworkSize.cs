using RnnService.Engine.Layers;
using RnnService.Engine.Models;

namespace RnnService.Training.Recipes;

/// <summary>Sizes within their bounds can still make a network that no machine holds.</summary>
internal static class NetworkSize
{
    /// <summary>Counts the values of the recurrent layers; the vocabulary comes on top.</summary>
    /// <exception cref="ArgumentException">There are too many.</exception>
    public static void Check(ModelConfig model)
    {
        const long most = 1_000_000_000;
        long directions = model.Bidirectional ? 2 : 1, width = model.HiddenSize, input = model.Numbers?.Features ?? model.EmbeddingSize, values = 0;
        long gates = model.Cell switch
        {
            CellKind.Lstm => 4,
            CellKind.Gru or CellKind.GruBefore => 3,
            CellKind.Sum => 0,
            _ => 1,
        };
        if (model.Base is { } under)
        {
            for (int layer = 0; layer < under.Layers; layer++) values += gates * under.HiddenSize * ((layer == 0 ? input : under.HiddenSize) + under.HiddenSize);
            input += under.HiddenSize;
        }

        for (int layer = 0; layer < model.Layers; layer++)
        {
            values += directions * gates * width * (input + width);
            input = directions * width;
        }

        if (values > most)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"model.hidden_size is {width} in {model.Layers} layers of {directions} directions: {values} weights; expected at most {most}"));
        }
    }
}
