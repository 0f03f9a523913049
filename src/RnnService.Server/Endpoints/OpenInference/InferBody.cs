using System.Globalization;
using RnnService.Engine.Networks;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>A request's body: JSON, and after it, where the header says how long it is, the bytes of tensors.</summary>
/// <param name="Request">The JSON.</param>
/// <param name="Texts">The elements of the tensor of texts; null where there are numbers.</param>
/// <param name="Sequences">The sequences of numbers; null where there are texts.</param>
internal sealed record InferBody(InferRequest Request, string[]? Texts, NumberSequence[]? Sequences = null)
{
    /// <summary>Says how many bytes of a body are JSON; the rest are tensors.</summary>
    public const string Header = "Inference-Header-Content-Length";

    public const string BinaryType = "application/octet-stream";

    /// <summary>The only input of texts.</summary>
    public const string Input = "text";

    /// <exception cref="RequestProblem">The content type is of something else.</exception>
    public static void CheckMediaType(HttpRequest request)
    {
        // The protocol's own clients send none.
        if (request.ContentType is { Length: > 0 } type && type != BinaryType) RequestReader.CheckMediaType(request);
    }

    /// <summary>Takes a body apart.</summary>
    /// <param name="body">The body.</param>
    /// <param name="header">The value of <see cref="Header"/>; empty where there is none.</param>
    /// <param name="reader">Reads the JSON.</param>
    /// <param name="limits">What one request may ask for.</param>
    /// <exception cref="RequestProblem">It is not a request.</exception>
    public static InferBody Parse(ReadOnlyMemory<byte> body, string header, RequestReader reader, LimitOptions limits)
    {
        int json = JsonLength(header, body.Length);
        var request = reader.Parse<InferRequest>(body[..json]);
        if (NumberBytes.AreIn(request)) return new InferBody(request, null, NumberBytes.Read(request, body[json..].Span, limits));
        if (request.Inputs is not [{ Name: Input } input])
        {
            int other = request.Inputs.Index().Where(one => one.Item.Name != Input).Select(one => one.Index).FirstOrDefault(1);
            throw RequestProblem.Of(ProblemKind.Validation, $"inputs[{other}].name", $"is {RequestProblem.Quoted(request.Inputs[other].Name)}; expected \"{Input}\" once and no other tensor, or \"{NumberBytes.Values}\"");
        }

        if (input.Datatype != Tensor.Text)
            throw RequestProblem.Of(ProblemKind.Validation, "inputs[0].datatype", $"is {RequestProblem.Quoted(input.Datatype)}; expected \"{Tensor.Text}\"");
        int count = Count(input.Shape, limits);
        ReadOnlyMemory<byte> tail = body[json..];
        if (input.Parameters?.BinaryDataSize is not { } size)
        {
            if (!tail.IsEmpty) throw Length(tail.Length, 0);
            return input.Data is { } data ? new InferBody(request, TextBytes.Read(data, count, "inputs[0].data", limits))
                : throw RequestProblem.Of(ProblemKind.Validation, "inputs[0].data", $"is required, or else parameters.binary_data_size and the header {Header}");
        }

        if (input.Data is not null) throw RequestProblem.Of(ProblemKind.Validation, "inputs[0].data", "and parameters.binary_data_size exclude each other");
        if (size != tail.Length) throw Length(tail.Length, size);
        return new InferBody(request, TextBytes.Read(tail.Span, count, "inputs[0]", limits));
    }

    private static int JsonLength(string header, int body)
    {
        if (header.Length == 0) return body;
        return int.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length <= body ? length
            : throw RequestProblem.Of(ProblemKind.Malformed, Header, $"is {RequestProblem.Quoted(header)}; expected the number of bytes of the body that are JSON, at most {body}");
    }

    private static RequestProblem Length(int found, long expected) => RequestProblem.Of(ProblemKind.Malformed, "inputs[0].parameters.binary_data_size",
        $"is {expected}; expected {found}, the number of bytes after the JSON");

    /// <summary>The number of elements, which is that of texts.</summary>
    private static int Count(IReadOnlyList<long> shape, LimitOptions limits)
    {
        if (shape.Skip(1).Any(size => size != 1))
            throw RequestProblem.Of(ProblemKind.Validation, "inputs[0].shape", $"is [{string.Join(", ", shape)}]; expected [n] or [n, 1] for n texts");
        return shape[0] >= 1 && shape[0] <= limits.MaxListLength ? (int)shape[0]
            : throw RequestProblem.Of(ProblemKind.Validation, "inputs[0].shape", $"holds {shape[0]} texts; expected 1 to {limits.MaxListLength}");
    }
}
