using CsCheck;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Cells;

/// <summary>Sizes of a stack and of a ragged batch, and the seed of all its numbers.</summary>
internal sealed record Shape(CellKind Kind, int InputSize, int HiddenSize, int Layers, Direction Direction, int[] Lengths, ulong Seed)
{
    public int Slots => Layers * (IsWide ? 2 : 1);

    private bool IsWide => Direction == Direction.Bidirectional;

    /// <summary>Shapes with any lengths, 0 and 1 among them; a sum's widths are made to agree.</summary>
    public static Gen<Shape> Any(CellKind kind, int mostWidth, int mostLayers, int mostSequences, int mostSteps) =>
        Gen.Select(
            Gen.Int[1, mostWidth], Gen.Int[1, mostWidth], Gen.Int[1, mostLayers], Gen.Enum<Direction>(),
            Gen.Int[0, mostSteps].Array[1, mostSequences], Gen.ULong,
            (inputs, hidden, layers, direction, lengths, seed) => kind == CellKind.Sum
                ? new Shape(kind, hidden, hidden, direction == Direction.Bidirectional ? 1 : layers, direction, lengths, seed)
                : new Shape(kind, inputs, hidden, layers, direction, lengths, seed));

    public override string ToString() =>
        $"{Kind}, D {InputSize}, H {HiddenSize}, {Layers} layers, {Direction}, " +
        $"lengths [{string.Join(' ', Lengths)}], seed {Seed}";
}

/// <summary>
/// One network with random weights, input, start and loss, a weighted sum of all outputs and final states, as the engine and as the
/// reference compute it.
/// </summary>
internal sealed class Trial
{
    private readonly Shape _shape;
    private readonly Parameters _parameters;
    private readonly Recurrent _network;
    private readonly BatchLayout _layout;
    private readonly float[] _input; // [T,N,D], as everything below in the caller's order
    private readonly float[] _h, _c; // [slots,N,H]
    private readonly float[] _outputLoss, _hLoss, _cLoss; // weights of the loss
    private readonly Dictionary<string, double[]> _reference = [];

    public Trial(Shape shape)
    {
        _shape = shape;
        ulong seed = shape.Seed;
        // Rows of length one or less: larger ones make a network chaotic, and rounding errors grow with every step.
        _parameters = Parameters.From(
            (_, size) => size.Length == 1
                ? Draw.Normal(++seed, size[0], 0.6)
                : Draw.Normal(++seed, size[0] * size[1], Math.Min(0.6, 1 / Math.Sqrt(size[1]))),
            trainable: true);
        _network = new Recurrent(shape.Kind, _parameters, "rnn", shape.InputSize, shape.HiddenSize, shape.Layers, shape.Direction);
        _layout = BatchLayout.Of(shape.Lengths);
        int states = shape.Slots * _layout.Batch * shape.HiddenSize, outputs = _layout.Steps * _layout.Batch * _network.OutputSize;
        _input = Draw.Normal(++seed, _layout.Steps * _layout.Batch * shape.InputSize);
        _h = Draw.Normal(++seed, states);
        _c = shape.Kind == CellKind.Lstm ? Draw.Normal(++seed, states) : [];
        _outputLoss = Draw.Normal(++seed, outputs);
        _hLoss = Draw.Normal(++seed, states);
        _cLoss = Draw.Normal(++seed, _c.Length);
        foreach (Parameter parameter in _parameters.All) _reference.Add(parameter.Name, Draw.ToDouble(parameter.Values));
        _reference.Add("input", Draw.ToDouble(_input));
        _reference.Add("h_0", Draw.ToDouble(_h));
        _reference.Add("c_0", Draw.ToDouble(_c));
    }

    /// <summary>Outputs and final states agree with the reference.</summary>
    public void CheckForward()
    {
        Answer wanted = Reference(out _);
        (_, _, float[] output, RecurrentState state) = Forward(record: false);
        Expect.NearLargest(wanted.Output, output, 1e-5, 1, "output");
        Expect.NearLargest(wanted.H, state.Hidden, 1e-5, 1, "h_n");
        Expect.NearLargest(wanted.C, state.CellState, 1e-5, 1, "c_n");
    }

    /// <summary>The gradient of every value agrees with the numeric derivative of the reference.</summary>
    public void CheckEveryGradient()
    {
        Dictionary<string, float[]> found = Backward();
        if (IsNearKink()) return;
        foreach ((string name, double[] values) in _reference)
        {
            double[] wanted = new double[values.Length];
            for (int i = 0; i < wanted.Length; i++)
            {
                double value = values[i];
                wanted[i] = Derivative(step => values[i] = value + step);
                values[i] = value;
            }

            // Terms of the size of 1 may cancel in a single entry: what is left of their rounding is measured against them.
            Expect.NearLargest(wanted, found[name], 1e-4, 0.1, $"gradient of {name}");
        }
    }

    /// <summary>The derivative along a random direction agrees, tensor by tensor: two runs of the reference instead of thousands.</summary>
    public void CheckGradientAlongADirection()
    {
        Dictionary<string, float[]> found = Backward();
        if (IsNearKink()) return;
        ulong seed = _shape.Seed ^ 0xABCDEF;
        foreach ((string name, double[] values) in _reference)
        {
            float[] direction = Draw.Normal(++seed, values.Length);
            double[] start = [.. values];
            double wanted = Derivative(step =>
            {
                for (int i = 0; i < values.Length; i++) values[i] = start[i] + step * direction[i];
            });
            start.CopyTo(values, 0);
            double along = 0, size = 0.1; // as above
            for (int i = 0; i < values.Length; i++)
            {
                along += (double)direction[i] * found[name][i];
                size += Math.Abs((double)direction[i] * found[name][i]);
            }

            Assert.True(Math.Abs(wanted - along) <= 1e-4 * size, $"gradient of {name} along a direction is {along}: {wanted} wanted");
        }
    }

    private bool IsNearKink()
    {
        Reference(out double nearest);
        return nearest < 1e-4;
    }

    private double Derivative(Action<double> move)
    {
        const double Step = 1e-6;
        move(Step);
        double above = Loss();
        move(-Step);
        return (above - Loss()) / (2 * Step);
    }

    private double Loss()
    {
        Answer answer = Reference(out _);
        return Dot(answer.Output, _outputLoss) + Dot(answer.H, _hLoss) + Dot(answer.C, _cLoss);

        static double Dot(double[] a, float[] b)
        {
            double sum = 0;
            for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
            return sum;
        }
    }

    private Answer Reference(out double nearestKink)
    {
        (int batch, int inputs, int hidden, int slots) = (_layout.Batch, _shape.InputSize, _shape.HiddenSize, _shape.Slots);
        var network = new ReferenceNetwork(_shape.Kind, _reference, "rnn", inputs, hidden, _shape.Layers, _shape.Direction);
        var answer = new Answer(new double[_outputLoss.Length], new double[_hLoss.Length], new double[_cLoss.Length]);
        int width = _network.OutputSize;
        for (int n = 0; n < batch; n++)
        {
            double[][] sequence = Parts("input", n, _shape.Lengths[n], inputs), h = Parts("h_0", n, slots, hidden);
            double[][] c = Parts("c_0", n, slots, _c.Length == 0 ? 0 : hidden);
            double[][] output = network.Run(sequence, h, c);
            for (int t = 0; t < output.Length; t++) output[t].CopyTo(answer.Output, (t * batch + n) * width);
            for (int slot = 0; slot < slots; slot++)
            {
                h[slot].CopyTo(answer.H, (slot * batch + n) * hidden);
                if (_c.Length > 0) c[slot].CopyTo(answer.C, (slot * batch + n) * hidden);
            }
        }

        nearestKink = network.NearestKink;
        return answer;

        double[][] Parts(string name, int n, int count, int size) =>
            [.. Enumerable.Range(0, count).Select(i => _reference[name][((i * batch + n) * size)..((i * batch + n + 1) * size)])];
    }

    private (Pass Pass, Recurrent.Run Run, float[] Output, RecurrentState State) Forward(bool record)
    {
        var pass = new Pass(new Workspace(), record: record);
        RecurrentState state = _network.NewState(_layout.Batch);
        _h.CopyTo(state.Hidden, 0);
        _c.CopyTo(state.CellState, 0);
        float[] packed = new float[_layout.Rows * _shape.InputSize], output = new float[_outputLoss.Length];
        _layout.Pack(_input, _shape.InputSize, packed);
        Recurrent.Run run = _network.Forward(pass, _layout, packed, state);
        _layout.Unpack(run.Output.Span, _network.OutputSize, output);
        return (pass, run, output, state);
    }

    private Dictionary<string, float[]> Backward()
    {
        (Pass pass, Recurrent.Run run, _, _) = Forward(record: true);
        var gradients = new Gradients(_parameters);
        RecurrentState dState = _network.NewState(_layout.Batch);
        _hLoss.CopyTo(dState.Hidden, 0);
        _cLoss.CopyTo(dState.CellState, 0);
        float[] dOutput = new float[_layout.Rows * _network.OutputSize], dInput = new float[_input.Length];
        _layout.Pack(_outputLoss, _network.OutputSize, dOutput);
        _layout.Unpack(_network.Backward(pass, run, dOutput, dState, gradients).Span, _shape.InputSize, dInput);
        var found = _parameters.All.ToDictionary(parameter => parameter.Name, parameter => gradients.Of(parameter).ToArray());
        found.Add("input", dInput);
        found.Add("h_0", dState.Hidden);
        found.Add("c_0", dState.CellState);
        return found;
    }

    private sealed record Answer(double[] Output, double[] H, double[] C);
}
