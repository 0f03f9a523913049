using System.Runtime.InteropServices;
using System.Text.Json;
using RnnService.Engine.Networks;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>
/// Reads sequences of numbers from tensors: values FP32 [n,T,F], and lengths INT32 [n] where sequences are shorter than T. A shape is compared with the
/// numbers there are before anything of its size is made.
/// </summary>
internal static class NumberBytes
{
    public const string Values = "values", Lengths = "lengths";

    private const int Dimensions = 3;

    /// <summary>Whether a request has numbers, and no texts.</summary>
    public static bool AreIn(InferRequest request) => request.Inputs.Any(input => input.Name == Values);

    /// <summary>The sequences.</summary>
    /// <param name="request">The JSON.</param>
    /// <param name="tail">The bytes after it.</param>
    /// <param name="limits">What one request may ask for.</param>
    /// <exception cref="RequestProblem">The tensors are none of sequences of numbers.</exception>
    public static NumberSequence[] Read(InferRequest request, ReadOnlySpan<byte> tail, LimitOptions limits)
    {
        float[]? values = null;
        int[]? lengths = null;
        long[] shape = [];
        foreach ((int index, InputTensorRequest input) in request.Inputs.Index())
        {
            string at = $"inputs[{index}]";
            switch (input.Name)
            {
                case Values when values is null:
                    Expect(input, Tensor.Float, at);
                    shape = [.. input.Shape];
                    values = Elements<float>(input, Count(shape, limits, at), ref tail, at, element => element.GetSingle());
                    break;
                case Lengths when lengths is null:
                    Expect(input, Tensor.Int, at);
                    if (input.Shape is not [>= 1 and var count] || count > limits.MaxListLength)
                        throw RequestProblem.Of(ProblemKind.Validation, $"{at}.shape", $"is [{string.Join(", ", input.Shape)}]; expected [n], a length for each of the sequences");
                    lengths = Elements<int>(input, (int)count, ref tail, at, element => element.TryGetInt32(out int length) ? length : 0);
                    break;
                default:
                    throw RequestProblem.Of(ProblemKind.Validation, $"{at}.name",
                        $"is {RequestProblem.Quoted(input.Name)}; expected \"{Values}\" once, \"{Lengths}\" once or not at all, and no other tensor");
            }
        }

        if (!tail.IsEmpty) throw RequestProblem.Of(ProblemKind.Malformed, "inputs", $"leave {tail.Length} bytes after the JSON; expected none: binary_data_size tells those of a tensor");
        return Sequences(values!, shape, lengths, request, limits);
    }

    private static NumberSequence[] Sequences(float[] values, long[] shape, int[]? lengths, InferRequest request, LimitOptions limits)
    {
        (int rows, int steps, int features) = ((int)shape[0], (int)shape[1], (int)shape[2]);
        string LengthsAt() => $"inputs[{request.Inputs.Index().First(input => input.Item.Name == Lengths).Index}]";
        if (lengths is not null && lengths.Length != rows)
            throw RequestProblem.Of(ProblemKind.Validation, $"{LengthsAt()}.shape", $"is [{lengths.Length}]; expected [{rows}], as {Values} has sequences");
        var sequences = new NumberSequence[rows];
        for (int row = 0; row < rows; row++)
        {
            int length = lengths?[row] ?? steps;
            if (length < 1 || length > steps)
                throw RequestProblem.Of(ProblemKind.Validation, $"{LengthsAt()}.data[{row}]", $"is {length}; expected 1 to {steps}, which {Values} has room for");
            sequences[row] = new NumberSequence(values.AsMemory(row * steps * features, length * features), features);
            int wrong = sequences[row].Values.Span.IndexOfAnyExceptInRange(float.MinValue, float.MaxValue);
            if (wrong >= 0)
            {
                throw RequestProblem.Of(ProblemKind.Validation, $"{Values}[{row}][{wrong / features}][{wrong % features}]",
                    $"is {sequences[row].Values.Span[wrong].ToString(System.Globalization.CultureInfo.InvariantCulture)}; expected a finite number");
            }
        }

        NumberQuestion.CheckTotal(sequences, limits);
        return sequences;
    }

    private static void Expect(InputTensorRequest input, string datatype, string at)
    {
        if (input.Datatype != datatype) throw RequestProblem.Of(ProblemKind.Validation, $"{at}.datatype", $"is {RequestProblem.Quoted(input.Datatype)}; expected \"{datatype}\"");
    }

    /// <summary>How many numbers a shape tells.</summary>
    private static int Count(long[] shape, LimitOptions limits, string at)
    {
        Int128 count = shape.Aggregate((Int128)1, (product, size) => product * size);
        bool isShape = shape.Length == Dimensions && shape.All(size => size >= 1) && shape[0] <= limits.MaxListLength && count <= int.MaxValue / sizeof(float);
        return isShape ? (int)count : throw RequestProblem.Of(ProblemKind.Validation, $"{at}.shape",
            $"is [{string.Join(", ", shape)}]; expected [n, steps, features], n of 1 to {limits.MaxListLength}");
    }

    private static T[] Elements<T>(InputTensorRequest input, int count, ref ReadOnlySpan<byte> tail, string at, Func<JsonElement, T> read)
        where T : unmanaged
    {
        if (input.Parameters?.BinaryDataSize is { } size)
        {
            if (input.Data is not null) throw RequestProblem.Of(ProblemKind.Validation, $"{at}.data", "and parameters.binary_data_size exclude each other");
            if (size != count * 4L || size > tail.Length)
            {
                throw RequestProblem.Of(ProblemKind.Malformed, $"{at}.parameters.binary_data_size",
                    $"is {size}; expected {count * 4L}, which is {count} elements of 4 bytes, and as many after the JSON, which has {tail.Length} left");
            }

            T[] elements = MemoryMarshal.Cast<byte, T>(tail[..(int)size]).ToArray(); // .NET runs on no machine that has the highest byte first
            tail = tail[(int)size..];
            return elements;
        }

        if (input.Data is not { } data)
            throw RequestProblem.Of(ProblemKind.Validation, $"{at}.data", $"is required, or else parameters.binary_data_size and the header {InferBody.Header}");
        var found = new List<T>();
        Add(data);
        return found.Count == count ? [.. found]
            : throw RequestProblem.Of(ProblemKind.Validation, $"{at}.data", $"holds {found.Count} numbers; expected {count}, as shape says");

        void Add(JsonElement list)
        {
            foreach (JsonElement item in list.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Array) Add(item);
                else if (item.ValueKind != JsonValueKind.Number) throw RequestProblem.Of(ProblemKind.Malformed, $"{at}.data", $"holds {BodyCheck.Found(item)}; expected numbers alone");
                else found.Add(read(item));
            }
        }
    }
}
