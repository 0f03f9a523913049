using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Tests.Support;
using Xunit;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Tests.Export;

/// <summary>
/// Bare stacks in ONNX Runtime beside the engine: every cell, direction and depth, with and without lengths and starts.
/// </summary>
public sealed class RecurrentExportTests
{
    private const double Tolerance = 1e-5;
    private const int Hidden = 8;

    public static MatrixTheoryData<CellKind, Direction, int> Stacks =>
        new(Enum.GetValues<CellKind>(), Enum.GetValues<Direction>(), [1, 2]);

    [Theory]
    [MemberData(nameof(Stacks))]
    public void The_stack_in_onnx_runtime_is_the_engines(CellKind cell, Direction direction, int layers)
    {
        var stack = new RecurrentStack(cell, "rnn", Hidden, layers, direction);
        int inputs = cell == CellKind.Sum ? Hidden : 5;
        if (cell == CellKind.Sum && layers > 1 && stack.Directions == 2) return; // a sum keeps the width
        Engine engine = new(stack, inputs);
        foreach (bool ragged in new[] { false, true })
        {
            foreach (bool started in new[] { false, true })
            {
                using var ort = new Ort(Bare(stack, engine.Parameters, inputs, ragged, started));
                foreach (int batch in new[] { 1, 3 })
                {
                    foreach (int time in new[] { 1, 7, 200 })
                    {
                        // A row of one step stands beside a long one; in a batch of one it is alone.
                        int[] lengths = batch == 1 ? [ragged ? 1 : time] : ragged ? [1, time, (time + 1) / 2] : [time, time, time];
                        Compare(stack, engine, ort, inputs, lengths, time, ragged, started);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public void A_row_of_no_step_keeps_its_state(CellKind cell, Direction direction, int layers)
    {
        var stack = new RecurrentStack(cell, "rnn", Hidden, layers, direction);
        int inputs = cell == CellKind.Sum ? Hidden : 5;
        if (cell == CellKind.Sum && layers > 1 && stack.Directions == 2) return;
        Engine engine = new(stack, inputs);
        foreach (bool started in new[] { false, true })
        {
            using var ort = new Ort(Bare(stack, engine.Parameters, inputs, withLengths: true, started));
            Compare(stack, engine, ort, inputs, [0, 4, 1], 4, ragged: true, started);
            Compare(stack, engine, ort, inputs, [0], 2, ragged: true, started);
        }
    }

    private static void Compare(
        RecurrentStack stack, Engine engine, Ort ort, int inputs, int[] lengths, int time, bool ragged, bool started)
    {
        int batch = lengths.Length, states = stack.Layers * stack.Directions * batch * Hidden;
        float[] x = Draw.Normal(11, time * batch * inputs, 0.5);
        float[] h = started ? Draw.Normal(12, states, 0.5) : new float[states];
        float[] c = started && stack.HasCellState ? Draw.Normal(13, states, 0.5) : new float[stack.HasCellState ? states : 0];
        int[] shape = [stack.Layers * stack.Directions, batch, Hidden];
        List<(string, Array, int[])> given = [("x", x, [time, batch, inputs])];
        if (ragged) given.Add(("lengths", lengths.Select(length => (long)length).ToArray(), [batch]));
        if (started) given.Add(("h_0", h, shape));
        if (started && stack.HasCellState) given.Add(("c_0", c, shape));
        Dictionary<string, float[]> found = ort.Run([.. given]);
        float[] steps = engine.Run(x, lengths, time, h, c);
        string where = $"batch {batch}, time {time}, ragged {ragged}, started {started}: ";
        Expect.Near(Draw.ToDouble(steps), found["y"], Tolerance, where + "output");
        Expect.Near(Draw.ToDouble(h), found["h_n"], Tolerance, where + "h");
        if (stack.HasCellState) Expect.Near(Draw.ToDouble(c), found["c_n"], Tolerance, where + "c");
    }

    private static ModelProto Bare(
        RecurrentStack stack, Dictionary<string, Parameter> parameters, int inputs, bool withLengths, bool withStates)
    {
        var graph = new GraphWriter(OnnxExport.DefaultOpset);
        GraphWriter.Size[] sizes = [stack.Layers * stack.Directions, "batch", stack.HiddenSize];
        string x = graph.Input("x", DataType.Float, "", "time", "batch", inputs);
        string? lengths = withLengths ? graph.Input("lengths", DataType.Int64, "", "batch") : null;
        string? h = withStates ? graph.Input("h_0", DataType.Float, "", sizes) : null;
        string? c = withStates && stack.HasCellState ? graph.Input("c_0", DataType.Float, "", sizes) : null;
        StackValues values = new RecurrentExport(graph, parameters).Write(stack, x, lengths, h, c, withSteps: true);
        graph.Output(graph.Node("Identity", "y", [values.Steps]), "", "time", "batch", stack.OutputSize);
        graph.Output(graph.Concat("h_n", values.Hidden, 0), "", sizes);
        if (stack.HasCellState) graph.Output(graph.Concat("c_n", values.CellState, 0), "", sizes);
        return OnnxExport.Wrap(graph.Graph, OnnxExport.DefaultOpset);
    }

    /// <summary>The engine's own stack, with weights and biases as PyTorch starts them: uniform within 1/√H.</summary>
    private sealed class Engine
    {
        private readonly Recurrent _network;

        public Engine(RecurrentStack stack, int inputs)
        {
            Parameters parameters = DrawnWeights.Start();
            _network = new Recurrent(stack.Cell, parameters, stack.Prefix, inputs, Hidden, stack.Layers, stack.Direction);
            Parameters = parameters.All.ToDictionary(parameter => parameter.Name);
        }

        public Dictionary<string, Parameter> Parameters { get; }

        /// <summary>Outputs [T,N,directions·H], zero past each row's end; h and c move on.</summary>
        public float[] Run(float[] x, int[] lengths, int time, float[] h, float[] c)
        {
            var layout = BatchLayout.Of(lengths);
            int batch = lengths.Length, width = x.Length / (time * batch);
            float[] packed = new float[layout.Rows * width];
            layout.Pack(x, width, packed);
            RecurrentState state = _network.NewState(batch);
            h.CopyTo(state.Hidden, 0);
            c.CopyTo(state.CellState, 0);
            Memory<float> output = _network.Forward(new Pass(new Workspace()), layout, packed, state).Output;
            state.Hidden.CopyTo(h, 0);
            state.CellState.CopyTo(c, 0);
            float[] steps = new float[time * batch * _network.OutputSize];
            layout.Unpack(output.Span, _network.OutputSize, steps.AsSpan(0, layout.Steps * batch * _network.OutputSize));
            return steps;
        }
    }
}
