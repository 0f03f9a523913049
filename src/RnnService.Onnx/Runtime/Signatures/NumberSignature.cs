using RnnService.Engine.Models;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using static RnnService.Engine.Weights.WeightFormatException;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Runtime.Signatures;

/// <summary>A part of the state of a graph that reads numbers: an input [slots,batch,width], and the output that gives it after the last step.</summary>
internal sealed record NumberState(string Input, string Output, int Slots, int Width);

/// <summary>
/// What the inputs and outputs of a graph that reads numbers are for: one input of steps, lengths, states. Which dimension of the steps is time is for
/// a run to show.
/// </summary>
internal sealed class NumberSignature
{
    private const string Steps = "one float input of steps, [batch,time,features] or [time,batch,features]";

    private readonly OnnxFile _file;

    /// <exception cref="OnnxFormatException">An input or output has no role or is missing, or a size is another.</exception>
    public NumberSignature(OnnxFile file, ModelConfig config)
    {
        _file = file;
        GraphPaths paths = new(file.Model.Graph);
        GraphInput[] inputs = [.. GraphInput.AllOf(file)];
        GraphInput[] counts = [.. inputs.Where(input => input is { IsWhole: true, Sizes.Length: 1 })];
        if (Array.Find(inputs, input => !IsCube(input) && !counts.Contains(input)) is { } other) throw Refuse(file, other);
        (List<GraphInput> steps, List<GraphInput> states) = Cubes(paths, inputs);
        if (steps.Count == 0) throw file.Refuse("graph", $"no input of numbers found; expected {Steps}");
        if (steps.Count > 1)
        {
            throw Refuse(
                steps[1], $"{steps[1].Show()} found beside {Quote(steps[0].Name)} {steps[0].Show()}; expected {Steps}, and states with an output each");
        }

        if (counts.Length > 1) throw Refuse(counts[1], $"{counts[1].Show()} found beside {Quote(counts[0].Name)}; expected lengths once");
        (Values, Lengths) = (steps[0], counts.FirstOrDefault());
        Features = config.Numbers!.Features;
        if (Values.Sizes[2] is { } width && width != Features)
            throw Refuse(Values, $"{Values.Show()} found; expected {Features} features, as numbers.features says");
        AnswersSteps = config.AnswersEachStep;
        Outputs = config.Task switch
        {
            ModelTask.Forecaster => config.Numbers.Horizon * Features,
            ModelTask.Transcriber => config.Labels.Count + 1,
            _ => config.Labels.Count,
        };
        AnswerOutput answer = AnswerOutput.Find(file, paths, config, Outputs, AnswersSteps);
        if (answer.LabelsSecond || answer.Form == AnswerForm.Sigmoid)
            throw file.Refuse($"output {Quote(answer.Name)}", $"{(answer.LabelsSecond ? "labels before time" : "a Sigmoid")} found; expected logits, labels last");
        (Answer, Form) = (answer.Name, answer.Form);
        States = Pair(states);
    }

    /// <summary>The steps.</summary>
    public GraphInput Values { get; }

    /// <summary>Steps of each row [batch]; null where there is none.</summary>
    public GraphInput? Lengths { get; }

    /// <summary>The state, part by part.</summary>
    public IReadOnlyList<NumberState> States { get; }

    /// <summary>Values of a step.</summary>
    public int Features { get; }

    /// <summary>Values of an answer.</summary>
    public int Outputs { get; }

    /// <summary>The output that gives the answers.</summary>
    public string Answer { get; }

    /// <summary>What the answers are.</summary>
    public AnswerForm Form { get; }

    /// <summary>Whether each step has an answer, and not the row as a whole.</summary>
    public bool AnswersSteps { get; }

    /// <summary>Values of the whole state of one row.</summary>
    public int StateSize => States.Sum(state => state.Slots * state.Width);

    /// <summary>Number of floating-point values among the tensors.</summary>
    public long ParameterCount => _file.ParameterCount;

    /// <summary>Whether a graph reads numbers and no ids: one of its inputs is of floats that no state is.</summary>
    public static bool ReadsNumbers(OnnxFile file) => ReadsNumbers(new GraphPaths(file.Model.Graph), [.. GraphInput.AllOf(file)]);

    private static bool ReadsNumbers(GraphPaths paths, GraphInput[] inputs) =>
        inputs.Any(input => input.IsFloat && input.Sizes.Length >= 2 && !input.IsCalledMask && !paths.IsInitialState(input.Name) && !paths.IsCastToWhole(input.Name))
            && !inputs.Any(input => input.IsWhole && paths.IsLookedUp(input.Name));

    /// <summary>The inputs of a graph that reads numbers which may be its steps; none of another.</summary>
    public static IEnumerable<string> NumbersOf(OnnxFile file)
    {
        GraphInput[] inputs = [.. GraphInput.AllOf(file)];
        // Whole numbers of two dimensions are ids: nothing of the graph need be followed.
        if (Array.Exists(inputs, input => input.IsWhole && input.Sizes.Length > 1)) return [];
        GraphPaths paths = new(file.Model.Graph);
        return ReadsNumbers(paths, inputs) ? Cubes(paths, inputs).Steps.Select(input => input.Name) : [];
    }

    /// <summary>How many values a step has, as the graph declares it; null where it says nothing.</summary>
    public static int? FeaturesOf(OnnxFile file) =>
        Cubes(new GraphPaths(file.Model.Graph), GraphInput.AllOf(file)).Steps.Select(input => input.Sizes[2]).FirstOrDefault();

    /// <summary>Refuses the first input of floats that is none of steps, as far as its shape tells.</summary>
    /// <exception cref="OnnxFormatException">There is one.</exception>
    public static void CheckInputs(OnnxFile file)
    {
        GraphPaths paths = new(file.Model.Graph);
        foreach (GraphInput input in GraphInput.AllOf(file))
        {
            if (input.IsFloat && input is not { Sizes.Length: 3, Type: DataType.Float } && !paths.IsInitialState(input.Name)) throw Refuse(file, input);
        }
    }

    /// <summary>The output that seems to give the answers, before the task is known: the one named, else one called logits or values, else the first.</summary>
    public static GraphInput? AnswerOf(OnnxFile file, string? name)
    {
        GraphPaths paths = new(file.Model.Graph);
        int?[][] states = [.. GraphInput.AllOf(file).Where(input => input.Sizes.Length == 3 && paths.IsInitialState(input.Name)).Select(input => input.Sizes)];
        ValueInfoProto[] outputs = [.. file.Model.Graph.Output.Where(output => output.Name == name || !IsState(output))];
        ValueInfoProto? found = outputs.FirstOrDefault(output => output.Name == name) ?? outputs.FirstOrDefault(output => output.Name is "logits" or "values")
            ?? outputs.FirstOrDefault(output => output.Name.Contains("logit", StringComparison.OrdinalIgnoreCase)) ?? outputs.FirstOrDefault();
        return found?.Type?.TensorType is { Shape: { } shape } type ? new GraphInput(found.Name, (DataType)type.ElemType, GraphInput.SizesOf(shape)) : null;

        bool IsState(ValueInfoProto output) => output.Type?.TensorType?.Shape is { Dim.Count: 3 } shape
            && states.Any(sizes => sizes[0] == GraphInput.SizesOf(shape)[0] && sizes[2] == GraphInput.SizesOf(shape)[2]);
    }

    /// <summary>An exception that names the input of the steps.</summary>
    public OnnxFormatException Refuse(string problem, string? advice = null) => Refuse(Values, problem, advice);

    private OnnxFormatException Refuse(GraphInput input, string problem, string? advice = null) => Refuse(_file, input, problem, advice);

    private static OnnxFormatException Refuse(OnnxFile file, GraphInput input, string problem, string? advice = null) => file.Refuse($"input {Quote(input.Name)}", problem, advice);

    private static OnnxFormatException Refuse(OnnxFile file, GraphInput input) => Refuse(file, input, (input.Sizes.Length, input.Type) switch
    {
        ( >= 4, _) when input.IsFloat => $"{input.Show()} found, as images have it; expected {Steps}",
        (2, _) when input.IsFloat => $"{input.Show()} found, numbers without time; expected {Steps}",
        (3, DataType.Double) => $"{input.Show()} found; expected float, 32 bits",
        _ => $"{input.Show()} found, which nothing can be filled in for; expected {Steps}, lengths ([batch]) or states (float [slots,batch,width])",
    });

    private static bool IsCube(GraphInput input) => input is { Type: DataType.Float, Sizes.Length: 3 };

    /// <summary>The inputs of floats in three dimensions: what may be the steps, and states.</summary>
    private static (List<GraphInput> Steps, List<GraphInput> States) Cubes(GraphPaths paths, IEnumerable<GraphInput> inputs)
    {
        List<GraphInput> steps = [], states = [];
        foreach (GraphInput input in inputs.Where(IsCube)) (paths.IsInitialState(input.Name) ? states : steps).Add(input);
        // What sums start from no recurrent operator reads: its name tells.
        if (steps.Count > 1 && steps.Count(input => !input.IsCalledState) == 1)
        {
            states.AddRange(steps.Where(input => input.IsCalledState));
            steps.RemoveAll(states.Contains);
        }

        return (steps, states);
    }

    private NumberState[] Pair(List<GraphInput> states)
    {
        string[] outputs = [.. _file.Model.Graph.Output.Select(output => output.Name).Where(name => name != Answer)];
        foreach (GraphInput state in states)
        {
            if (state.Sizes is not [{ }, _, { }])
                throw Refuse(state, $"{state.Show()} found, a state of no certain size; expected float [slots,batch,width] with slots and width as numbers");
        }

        // A state that does not come out starts from zero always.
        string[] next = outputs.Length < states.Count ? [.. states.Select(_ => "")] : StatePairing.Pair([.. states.Select(state => state.Name)], outputs);
        return [.. states.Select((input, i) => new NumberState(input.Name, next[i], input.Sizes[0]!.Value, input.Sizes[2]!.Value))];
    }
}
