using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Layers;

/// <summary>Every golden case: outputs, states and all gradients as PyTorch computes them.</summary>
public sealed class GoldenCases
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TestData", "golden");

    public static TheoryData<string> Names => [.. Directory.GetFiles(Folder).Select(file => Path.GetFileNameWithoutExtension(file)!).Order()];

    [Fact]
    public void There_are_64() => Assert.Equal(64, Names.Count);

    [Theory]
    [MemberData(nameof(Names))]
    public void Agrees_with_PyTorch(string name)
    {
        SafeTensorsFile golden = SafeTensorsFile.Open(Path.Combine(Folder, name + ".safetensors"));
        int time = golden.ShapeOf("input")[0], batch = golden.ShapeOf("input")[1], inputs = golden.ShapeOf("input")[2];
        int slots = golden.ShapeOf("h_0")[0], hidden = golden.ShapeOf("h_0")[2];
        bool both = golden.Metadata["bidirectional"] == "True";
        CellKind kind = golden.Metadata["kind"] switch
        {
            "lstm" => CellKind.Lstm,
            "gru" => CellKind.Gru,
            "rnn_tanh" => CellKind.Tanh,
            "rnn_relu" => CellKind.Relu,
            var other => throw new InvalidDataException(other),
        };
        int[] lengths = golden.Contains("lengths")
            ? [.. golden.Integers("lengths").Select(length => (int)length)]
            : [.. Enumerable.Repeat(time, batch)];

        Parameters parameters = Parameters.From((parameter, shape) => golden.Floats("param." + parameter["rnn.".Length..], shape), trainable: true);
        var network = new Recurrent(kind, parameters, "rnn", inputs, hidden, slots / (both ? 2 : 1), both ? Direction.Bidirectional : Direction.Forward);
        BatchLayout layout = BatchLayout.Of(lengths);
        RecurrentState state = network.NewState(batch), dState = network.NewState(batch);
        golden.Floats("h_0").CopyTo(state.Hidden, 0);
        dState.Hidden.AsSpan().Fill(1); // the loss adds up h_n and c_n
        if (kind == CellKind.Lstm)
        {
            golden.Floats("c_0").CopyTo(state.CellState, 0);
            dState.CellState.AsSpan().Fill(1);
        }

        var pass = new Pass(new Workspace(), record: true);
        float[] input = new float[layout.Rows * inputs];
        layout.Pack(golden.Floats("input"), inputs, input);
        Recurrent.Run run = network.Forward(pass, layout, input, state);

        float[] output = new float[time * batch * network.OutputSize];
        layout.Unpack(run.Output.Span, network.OutputSize, output);
        Near(golden.Floats("output"), output, 1e-5);
        Near(golden.Floats("h_n"), state.Hidden, 1e-5);
        if (kind == CellKind.Lstm) Near(golden.Floats("c_n"), state.CellState, 1e-5);

        float[] dOutput = new float[layout.Rows * network.OutputSize];
        layout.Pack(golden.Floats("output_weight"), network.OutputSize, dOutput);
        var gradients = new Gradients(parameters);
        Memory<float> dInput = network.Backward(pass, run, dOutput, dState, gradients);
        float[] dPadded = new float[time * batch * inputs];
        layout.Unpack(dInput.Span, inputs, dPadded);
        NearGradient(golden.Floats("grad.input"), dPadded);
        NearGradient(golden.Floats("grad.h_0"), dState.Hidden);
        if (kind == CellKind.Lstm) NearGradient(golden.Floats("grad.c_0"), dState.CellState);
        foreach (Parameter parameter in parameters.All)
            NearGradient(golden.Floats("grad.param." + parameter.Name["rnn.".Length..]), gradients.Of(parameter));
    }

    private static void NearGradient(float[] wanted, ReadOnlySpan<float> found) =>
        Near(wanted, found, 1e-4 * wanted.Max(value => MathF.Abs(value)));

    private static void Near(float[] wanted, ReadOnlySpan<float> found, double tolerance)
    {
        Assert.Equal(wanted.Length, found.Length);
        for (int i = 0; i < wanted.Length; i++)
            Assert.True(Math.Abs(wanted[i] - found[i]) <= tolerance, $"value {i} is {found[i]}: {wanted[i]} within {tolerance} wanted");
    }
}
