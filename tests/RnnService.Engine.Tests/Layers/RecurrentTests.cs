using CsCheck;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

/// <summary>What a stack promises of every cell: bits that depend neither on the batch, nor on its order, nor on how time is cut.</summary>
public sealed class RecurrentTests
{
    public static TheoryData<CellKind> Kinds => [.. Enum.GetValues<CellKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_row_in_a_batch_equals_the_row_alone(CellKind kind) =>
        Shape.Any(kind, mostWidth: 40, mostLayers: 2, mostSequences: 14, mostSteps: 9).Sample(
            shape =>
            {
                var batch = new Rows(shape);
                for (int place = 0; place < shape.Lengths.Length; place++) batch.CheckSame([place]);
            },
            iter: 25,
            threads: 1);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Permuting_a_batch_permutes_the_result(CellKind kind) =>
        Shape.Any(kind, mostWidth: 40, mostLayers: 2, mostSequences: 14, mostSteps: 9).Sample(
            shape =>
            {
                int[] order = [.. Enumerable.Range(0, shape.Lengths.Length)];
                new RandomSource(shape.Seed).Shuffle<int>(order);
                new Rows(shape).CheckSame(order);
            },
            iter: 25,
            threads: 1);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Single_steps_equal_one_call(CellKind kind) =>
        Shape.Any(kind, mostWidth: 40, mostLayers: 3, mostSequences: 9, mostSteps: 12).Sample(
            shape =>
            {
                shape = shape with { Direction = Direction.Forward };
                Recurrent network = Rows.Network(shape, trainable: false);
                BatchLayout layout = BatchLayout.Of(shape.Lengths);
                int inputs = shape.InputSize, size = shape.HiddenSize;
                float[] x = Draw.Normal(shape.Seed, layout.Rows * inputs);
                RecurrentState whole = network.NewState(layout.Batch), cut = network.NewState(layout.Batch);
                Draw.Normal(shape.Seed + 1, whole.Hidden.Length).CopyTo(whole.Hidden, 0);
                Draw.Normal(shape.Seed + 2, whole.CellState.Length).CopyTo(whole.CellState, 0);
                for (int place = 0; place < layout.Batch; place++) cut.CopyFrom(whole, place, place);

                var pass = new Pass(new Workspace());
                float[] wanted = network.Forward(pass, layout, x, whole).Output.ToArray();
                for (int t = 0; t < layout.Steps; t++)
                {
                    pass.Workspace.Reset();
                    BatchLayout step = BatchLayout.Of([.. shape.Lengths.Select(length => length > t ? 1 : 0)]);
                    float[] one = new float[step.Rows * inputs];
                    for (int place = 0; place < layout.Batch; place++)
                    {
                        if (shape.Lengths[place] > t)
                            x.AsSpan(layout.RowOf(place, t) * inputs, inputs).CopyTo(one.AsSpan(step.RowOf(place, 0) * inputs));
                    }

                    ReadOnlySpan<float> found = network.Forward(pass, step, one, cut).Output.Span;
                    for (int place = 0; place < layout.Batch; place++)
                    {
                        if (shape.Lengths[place] <= t) continue;
                        Expect.SameBits(
                            wanted.AsSpan(layout.RowOf(place, t) * size, size), found.Slice(step.RowOf(place, 0) * size, size), "output");
                    }
                }

                Expect.SameBits(whole.Hidden, cut.Hidden, "h");
                Expect.SameBits(whole.CellState, cut.CellState, "c");
            },
            iter: 25,
            threads: 1);

    [Fact]
    public void Recording_changes_no_bit()
    {
        foreach (CellKind kind in Enum.GetValues<CellKind>())
        {
            var shape = new Shape(kind, 7, 7, 1, Direction.Bidirectional, [3, 0, 5, 5, 1], 3);
            Recurrent network = Rows.Network(shape, trainable: true);
            BatchLayout layout = BatchLayout.Of(shape.Lengths);
            float[] x = Draw.Normal(1, layout.Rows * 7);
            RecurrentState one = network.NewState(5), two = network.NewState(5);
            Memory<float> kept = network.Forward(new Pass(new Workspace(), record: true), layout, x, one).Output;
            Memory<float> plain = network.Forward(new Pass(new Workspace()), layout, x, two).Output;
            Expect.SameBits(kept.Span, plain.Span);
            Expect.SameBits(one.Hidden, two.Hidden);
            Expect.SameBits(one.CellState, two.CellState);
        }
    }

    [Fact]
    public void New_weights_count_after_a_refresh()
    {
        foreach (CellKind kind in Enum.GetValues<CellKind>().Where(kind => kind != CellKind.Sum))
        {
            var shape = new Shape(kind, 5, 6, 2, Direction.Bidirectional, [3, 2], 3);
            Parameters first = Parameters.Random(1), second = Parameters.Random(2);
            var network = new Recurrent(kind, first, "rnn", 5, 6, 2, Direction.Bidirectional);
            var other = new Recurrent(kind, second, "rnn", 5, 6, 2, Direction.Bidirectional);
            for (int i = 0; i < first.All.Count; i++) second.All[i].Data.CopyTo(first.All[i].Data, 0);
            network.Refresh();
            BatchLayout layout = BatchLayout.Of(shape.Lengths);
            float[] x = Draw.Normal(1, layout.Rows * 5);
            Expect.SameBits(
                other.Forward(new Pass(new Workspace()), layout, x, other.NewState(2)).Output.Span,
                network.Forward(new Pass(new Workspace()), layout, x, network.NewState(2)).Output.Span);
        }
    }

    /// <summary>
    /// States that halve at every step would pass through the denormal numbers, which are slow by two orders, on their way to zero.
    /// </summary>
    [Theory]
    [InlineData(CellKind.Tanh)]
    [InlineData(CellKind.Relu)]
    [InlineData(CellKind.Gru)]
    [InlineData(CellKind.GruBefore)]
    [InlineData(CellKind.Lstm)]
    public void Decaying_states_go_to_zero_without_becoming_denormal(CellKind kind)
    {
        const int Size = 11;
        Parameters parameters = Parameters.From((name, shape) =>
        {
            float[] values = new float[shape.Aggregate(1, (product, size) => product * size)];
            bool elman = kind is CellKind.Tanh or CellKind.Relu;
            if (elman && name == "rnn.weight_hh_l0")
            {
                for (int unit = 0; unit < Size; unit++) values[unit * Size + unit] = 0.5f;
            }

            // The constant negative input shuts an LSTM's input gate; its forget gate and a GRU's update gate stay half open.
            if (kind == CellKind.Lstm && name == "rnn.weight_ih_l0") values.AsSpan(0, Size * Size).Fill(1);
            return values;
        });
        var network = new Recurrent(kind, parameters, "rnn", Size, Size, 1, Direction.Forward);
        RecurrentState state = network.NewState(1);
        state.Hidden.AsSpan().Fill(0.9f);
        state.CellState.AsSpan().Fill(0.9f);
        float[] x = new float[Size];
        x.AsSpan().Fill(-3);
        BatchLayout layout = BatchLayout.Of([1]);
        var pass = new Pass(new Workspace());
        float smallest = 1;
        int last = 0; // the last step that changed anything
        for (int step = 0; step < 100_000; step++)
        {
            pass.Workspace.Reset();
            foreach (float value in network.Forward(pass, layout, x, state).Output.Span) See(value, step);
            foreach (float value in state.Hidden) See(value, step);
            foreach (float value in state.CellState) See(value, step);
        }

        void See(float value, int step)
        {
            if (float.IsSubnormal(value)) Assert.Fail($"step {step}: {value}");
            if (value == 0) return;
            smallest = MathF.Min(smallest, MathF.Abs(value));
            last = step;
        }

        // Most of the steps computed with zeros, which cost what other numbers cost.
        Assert.InRange(last, 50, 1_000);
        // It did decay, down to what is flushed.
        Assert.InRange(smallest, 1e-30f, 4e-30f);
        Assert.All(state.Hidden, value => Assert.Equal(0, value));
        Assert.All(state.CellState, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Vanishing_gradients_do_not_become_denormal_either()
    {
        const int Steps = 400;
        Parameters parameters = Parameters.From(
            (name, shape) => [.. Enumerable.Repeat(name == "rnn.weight_hh_l0" ? 0.5f : 0, shape.Aggregate((a, b) => a * b))],
            trainable: true);
        var network = new Recurrent(CellKind.Tanh, parameters, "rnn", 1, 1, 1, Direction.Forward);
        BatchLayout layout = BatchLayout.Of([Steps]);
        var pass = new Pass(new Workspace(), record: true);
        Recurrent.Run run = network.Forward(pass, layout, new float[Steps], network.NewState(1));
        float[] dOutput = new float[Steps];
        RecurrentState dState = network.NewState(1);
        dState.Hidden[0] = 1;
        network.Backward(pass, run, dOutput, dState, new Gradients(parameters));
        Expect.SameBits([0], dState.Hidden);
        Assert.DoesNotContain(run.Tapes[0]!.Gates.ToArray(), float.IsSubnormal);
    }

    [Fact]
    public void A_sum_of_another_width_is_refused() => Assert.Equal(
        "rnn layer 0: hidden_size is 5; expected 4, the width of its input, which a sum keeps",
        Assert.Throws<ArgumentException>(() => new Recurrent(CellKind.Sum, Parameters.Random(1), "rnn", 4, 5, 1, Direction.Forward)).Message);

    /// <summary>One network's answers, forward and back, to a whole batch and to any choice of its sequences.</summary>
    private sealed class Rows
    {
        private readonly Shape _shape;
        private readonly Recurrent _network;
        private readonly Parameters _parameters;
        private readonly Answer[] _whole; // of each place

        public Rows(Shape shape)
        {
            _shape = shape;
            (_network, _parameters) = Build(shape, trainable: true);
            _whole = Run([.. Enumerable.Range(0, shape.Lengths.Length)]);
        }

        public static Recurrent Network(Shape shape, bool trainable) => Build(shape, trainable).Network;

        public void CheckSame(int[] places)
        {
            Answer[] some = Run(places);
            for (int i = 0; i < places.Length; i++)
            {
                Answer wanted = _whole[places[i]];
                Expect.SameBits(wanted.Output, some[i].Output, "output");
                Expect.SameBits(wanted.H, some[i].H, "h");
                Expect.SameBits(wanted.C, some[i].C, "c");
                Expect.SameBits(wanted.DInput, some[i].DInput, "gradient of the input");
                Expect.SameBits(wanted.DH, some[i].DH, "gradient of h");
                Expect.SameBits(wanted.DC, some[i].DC, "gradient of c");
            }
        }

        private static (Recurrent Network, Parameters Parameters) Build(Shape shape, bool trainable)
        {
            ulong seed = shape.Seed;
            Parameters parameters = Parameters.From((_, size) => Draw.Normal(++seed, size.Aggregate((a, b) => a * b), 0.3), trainable);
            var network = new Recurrent(
                shape.Kind, parameters, "rnn", shape.InputSize, shape.HiddenSize, shape.Layers, shape.Direction);
            return (network, parameters);
        }

        private Answer[] Run(int[] places)
        {
            int inputs = _shape.InputSize, outputs = _network.OutputSize;
            int[] lengths = [.. places.Select(place => _shape.Lengths[place])];
            BatchLayout layout = BatchLayout.Of(lengths);
            RecurrentState state = _network.NewState(places.Length), dState = _network.NewState(places.Length);
            RecurrentState one = _network.NewState(1);
            float[] x = new float[layout.Rows * inputs], dOutput = new float[layout.Rows * outputs];
            for (int i = 0; i < places.Length; i++)
            {
                // Every place's numbers come from its own seed, whatever the batch.
                ulong seed = _shape.Seed + 1000 * (ulong)(places[i] + 1);
                Fill(state, seed + 1);
                Fill(dState, seed + 3);
                for (int t = 0; t < lengths[i]; t++)
                {
                    Draw.Normal(seed + 10 + (ulong)t, inputs).CopyTo(x, layout.RowOf(i, t) * inputs);
                    Draw.Normal(seed + 500 + (ulong)t, outputs).CopyTo(dOutput, layout.RowOf(i, t) * outputs);
                }

                void Fill(RecurrentState target, ulong from)
                {
                    Draw.Normal(from, one.Hidden.Length).CopyTo(one.Hidden, 0);
                    Draw.Normal(from + 1, one.CellState.Length).CopyTo(one.CellState, 0);
                    target.CopyFrom(one, 0, i);
                }
            }

            var pass = new Pass(new Workspace(), record: true);
            Recurrent.Run run = _network.Forward(pass, layout, x, state);
            float[] y = run.Output.ToArray();
            float[] dx = _network.Backward(pass, run, dOutput, dState, new Gradients(_parameters)).ToArray();
            var answers = new Answer[places.Length];
            for (int i = 0; i < places.Length; i++)
            {
                one.CopyFrom(state, i, 0);
                float[] h = [.. one.Hidden], c = [.. one.CellState];
                one.CopyFrom(dState, i, 0);
                answers[i] = new Answer(
                    [.. Enumerable.Range(0, lengths[i]).SelectMany(t => y.AsSpan(layout.RowOf(i, t) * outputs, outputs).ToArray())],
                    h, c,
                    [.. Enumerable.Range(0, lengths[i]).SelectMany(t => dx.AsSpan(layout.RowOf(i, t) * inputs, inputs).ToArray())],
                    [.. one.Hidden], [.. one.CellState]);
            }

            return answers;
        }

        private sealed record Answer(float[] Output, float[] H, float[] C, float[] DInput, float[] DH, float[] DC);
    }
}
