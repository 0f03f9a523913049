using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Runtime.Signatures;

namespace RnnService.Onnx.Runtime.Runs;

/// <summary>
/// What a run gave. Answers come as logits in the order of the ids, whatever the graph gives: answers that lie the other way, labels in
/// the middle, numbers of another width, probabilities and one logit for two labels are brought into that form. Not thread-safe.
/// </summary>
internal sealed class GraphReading : IDisposable
{
    private const float Least = 1.1754944e-38f; // the smallest probability that has a logarithm of use

    private readonly TokenGraph _graph;
    private readonly IDisposableReadOnlyCollection<OrtValue> _outputs;
    private readonly int _batch, _time;
    private readonly float[]? _answers; // null where the output is in our form already

    /// <summary>Takes the outputs of a run, to dispose of them.</summary>
    /// <exception cref="InvalidOperationException">An output has another type or shape than it should.</exception>
    public GraphReading(TokenGraph graph, IDisposableReadOnlyCollection<OrtValue> outputs, int batch, int time)
    {
        (_graph, _outputs, _batch, _time) = (graph, outputs, batch, time);
        try
        {
            _answers = Read();
            for (int i = 1; i < outputs.Count; i++)
            {
                GraphState state = graph.Signature.States[i - 1];
                if (TypeOf(outputs[i], state.Output) != TensorElementType.Float)
                    throw new InvalidOperationException($"{Place(state.Output)}: {TypeOf(outputs[i], state.Output)} found; expected float");
                int[] shape = ShapeOf(outputs[i]), expected = [state.Slots, batch, graph.Signature.StateSize];
                if (!shape.SequenceEqual(expected)) throw Misshapen(state.Output, shape, expected);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The values of the answers as the graph gave them, before they became logits.</summary>
    public float[] Raw() => Numbers();

    /// <summary>Numbers of each answer as the graph gave them: 1 where one logit stands for two labels.</summary>
    public int Width { get; private set; }

    /// <summary>The logits after a token of a row, or of the row as a whole; they may be overwritten.</summary>
    public Span<float> Logits(int row, int step)
    {
        int size = _graph.Signature.OutputSize, place = _graph.Signature.AnswersTokens ? _graph.Place(row, step, _batch, _time) : row;
        Span<float> all = _answers is null ? _outputs[0].GetTensorMutableDataAsSpan<float>() : _answers;
        return all.Slice(place * size, size);
    }

    /// <summary>Writes the state after each row's last token: [slots, batch, H].</summary>
    public void CopyStates(Span<float> target)
    {
        for (int i = 1; i < _outputs.Count; i++)
        {
            ReadOnlySpan<float> part = _outputs[i].GetTensorDataAsSpan<float>();
            part.CopyTo(target);
            target = target[part.Length..];
        }
    }

    public void Dispose() => _outputs.Dispose();

    /// <summary>Checks the output of the answers, and brings it into our form where it has another.</summary>
    private float[]? Read()
    {
        GraphSignature signature = _graph.Signature;
        GraphLayout layout = _graph.Layout;
        int size = signature.OutputSize;
        bool tokens = signature.AnswersTokens, swapped = tokens && layout.AnswersSwapped;
        TensorElementType type = TypeOf(_outputs[0], signature.Answer.Name);
        int[] shape = ShapeOf(_outputs[0]);
        bool timeFirst = layout.TimeMajor != swapped, second = signature.Answer.LabelsSecond;
        (int outer, int inner) = timeFirst ? (_time, _batch) : (_batch, _time);
        int[] expected = !tokens ? [_batch, size] : second ? [outer, size, inner] : [outer, inner, size];
        if (Fits(expected) || tokens && !second && Fits([outer * inner, size])) Width = size;
        else if (size == 2 && (Fits([.. expected[..^1]]) || tokens && Fits([outer * inner]))) Width = 1;
        else throw Misshapen(signature.Answer.Name, shape, expected);
        if (Width == size && type == TensorElementType.Float && !swapped && !second && layout.Form == AnswerForm.Logits) return null;

        float[] numbers = Numbers();
        int places = tokens ? _batch * _time : _batch;
        float[] answers = new float[places * size];
        for (int row = 0; row < _batch; row++)
        {
            for (int step = 0; step < (tokens ? _time : 1); step++)
            {
                int place = !tokens ? row : _graph.Place(row, step, _batch, _time);
                (int major, int minor) = timeFirst ? (step, row) : (row, step);
                Span<float> answer = answers.AsSpan(place * size, size);
                for (int i = 0; i < Width; i++)
                {
                    int from = !tokens ? row * Width + i : second ? (major * Width + i) * inner + minor : (major * inner + minor) * Width + i;
                    answer[i] = numbers[from];
                }

                if (Width == 1) FromOne(answer, layout.Form);
                else if (layout.Form != AnswerForm.Logits) FromProbabilities(answer);
            }
        }

        return answers;

        // Dimensions of one may stand anywhere or be left out.
        bool Fits(int[] expected) => shape.Where(dim => dim != 1).SequenceEqual(expected.Where(dim => dim != 1));
    }

    // One output for two labels: the logit of the second, beside 0 of the first.
    private static void FromOne(Span<float> answer, AnswerForm end)
    {
        float value = answer[0];
        if (end == AnswerForm.Logits) (answer[0], answer[1]) = (0, value);
        else (answer[0], answer[1]) = ((float)Math.Log(Math.Max(Least, 1 - (double)value)), MathF.Log(MathF.Max(Least, value)));
    }

    private static void FromProbabilities(Span<float> answer)
    {
        foreach (ref float value in answer) value = MathF.Log(MathF.Max(Least, value));
    }

    private float[] Numbers() => TypeOf(_outputs[0], _graph.Signature.Answer.Name) switch
    {
        TensorElementType.Float => _outputs[0].GetTensorDataAsSpan<float>().ToArray(),
        TensorElementType.Double => Array.ConvertAll(_outputs[0].GetTensorDataAsSpan<double>().ToArray(), value => (float)value),
        TensorElementType.Float16 => Array.ConvertAll(_outputs[0].GetTensorDataAsSpan<Float16>().ToArray(), value => (float)value),
        var other => throw new InvalidOperationException($"{Place(_graph.Signature.Answer.Name)}: {other} found; expected float"),
    };

    private static string Place(string output) => $"output {WeightFormatException.Quote(output)}";

    private static TensorElementType TypeOf(OrtValue output, string name) => output.IsTensor
        ? output.GetTensorTypeAndShape().ElementDataType
        : throw new InvalidOperationException($"{Place(name)}: no tensor found; expected one");

    private static int[] ShapeOf(OrtValue output) => [.. output.GetTensorTypeAndShape().Shape.Select(size => (int)size)];

    private static InvalidOperationException Misshapen(string name, int[] found, int[] expected) => new(
        $"{Place(name)}: {WeightFormatException.Show(found)} found; expected {WeightFormatException.Show(expected)}");
}
