using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Networks;

/// <summary>Whether an encoder reads ids or their embeddings is a matter of time alone.</summary>
public sealed class TokenInputTests
{
    public static TheoryData<CellKind> Kinds => [.. Enum.GetValues<CellKind>()];

    /// <summary>Whether the first layer's input is a product or was looked up depends on the size of the vocabulary, and no bit on that.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Tokens_give_the_bits_of_their_embeddings_by_one_thread_and_by_two(CellKind kind)
    {
        const int Tokens = 50, Size = 37;
        foreach (Direction direction in Enum.GetValues<Direction>())
        {
            ulong seed = 3;
            Parameters parameters = Parameters.From((_, shape) => Draw.Normal(++seed, shape.Aggregate((a, b) => a * b), 0.3));
            var embedding = new Embedding(parameters, "embedding", Tokens, Size);
            int layers = kind == CellKind.Sum && direction == Direction.Bidirectional ? 1 : 2;
            var network = new Recurrent(kind, parameters, "rnn", Size, Size, layers, direction, embedding.Weight);
            BatchLayout layout = BatchLayout.Of([80, 0, 3, 80, 1, 41]); // more rows than one chunk
            int[] ids = [.. Enumerable.Range(0, layout.Rows).Select(row => row * 7 % Tokens)];
            float[] embedded = new float[layout.Rows * Size];
            embedding.Forward(ids, embedded, Size);
            RecurrentState wantedState = network.NewState(layout.Batch);
            float[] wanted = network.Forward(new Pass(new Workspace()), layout, embedded, wantedState).Output.ToArray();
            foreach (int processors in (int[])[1, int.MaxValue])
            {
                var pass = new Pass(new Workspace());
                pass.Threads.Begin(processors);
                RecurrentState state = network.NewState(layout.Batch);
                LayerInput input = new TokenInput(embedding).Forward(pass, layout, ids, network, DropoutRates.None).Rows;
                Expect.SameBits(wanted, network.Forward(pass, layout, input, state).Output.Span, "output");
                Expect.SameBits(wantedState.Hidden, state.Hidden, "h");
                Expect.SameBits(wantedState.CellState, state.CellState, "c");
                pass.Threads.End();
            }
        }
    }

    /// <summary>With few tokens their table is multiplied, with many the rows; forward in the same bits, and back within rounding.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Tokens_train_like_their_embeddings(CellKind kind)
    {
        const int Size = 11;
        foreach ((int tokens, Direction direction) in ((int, Direction)[])[(7, Direction.Bidirectional), (7, Direction.Forward), (60, Direction.Reverse)])
        {
            ulong seed = 5;
            Parameters parameters = Parameters.From((_, shape) => Draw.Normal(++seed, shape.Aggregate((a, b) => a * b), 0.3), trainable: true);
            var embedding = new Embedding(parameters, "embedding", tokens, Size);
            int layers = kind == CellKind.Sum && direction == Direction.Bidirectional ? 1 : 2;
            var network = new Recurrent(kind, parameters, "rnn", Size, Size, layers, direction, embedding.Weight);
            BatchLayout layout = BatchLayout.Of([9, 0, 3, 8, 1, 4]);
            int[] ids = [.. Enumerable.Range(0, layout.Rows).Select(row => row * 5 % tokens)];
            float[] embedded = new float[layout.Rows * Size];
            embedding.Forward(ids, embedded, Size);
            float[] dOutput = Draw.Normal(9, layout.Rows * network.OutputSize);

            Pass one = new(new Workspace(), record: true), two = new(new Workspace(), record: true);
            Gradients wanted = new(parameters), found = new(parameters);
            Recurrent.Run byRow = network.Forward(one, layout, embedded, network.NewState(6));
            var input = new TokenInput(embedding);
            TokenInput.Trace read = input.Forward(two, layout, ids, network, DropoutRates.None);
            Recurrent.Run byToken = network.Forward(two, layout, read.Rows, network.NewState(6));
            Expect.SameBits(byRow.Output.Span, byToken.Output.Span);
            Memory<float> dInput = network.Backward(one, byRow, dOutput.ToArray(), network.NewState(6), wanted);
            embedding.Backward(ids, dInput.Span, Size, wanted);
            input.Backward(two, layout, read, network.Backward(two, byToken, dOutput.ToArray(), network.NewState(6), found), found);
            foreach (Parameter parameter in parameters.All)
                Expect.NearLargest(Draw.ToDouble(wanted.Of(parameter)), found.Of(parameter), 1e-5, 1, parameter.Name);
        }
    }
}
