using System.Buffers;
using System.Text.Json;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>Answers tensors: those that were asked for, in the order and in the form in which they were.</summary>
/// <param name="model">The model's name.</param>
/// <param name="request">What was asked for.</param>
/// <param name="binary">Whether outputs are bytes of which the request does not say so.</param>
internal sealed class InferOutputs(string model, InferRequest request, bool binary)
{
    public const string Version = "1";

    /// <summary>Refuses outputs that the model does not have, before anything is computed.</summary>
    /// <exception cref="RequestProblem">There is no such output, or it is asked for twice.</exception>
    public void Check(IEnumerable<TensorMetadata> known)
    {
        var seen = new HashSet<string>();
        foreach ((int index, OutputTensorRequest output) in (request.Outputs ?? []).Index())
        {
            if (known.All(one => one.Name != output.Name))
                throw RequestProblem.Of(ProblemKind.Validation, $"outputs[{index}].name",
                    $"is {RequestProblem.Quoted(output.Name)}; expected one of {string.Join(", ", known.Select(one => one.Name))}");
            if (!seen.Add(output.Name))
                throw RequestProblem.Of(ProblemKind.Validation, $"outputs[{index}].name", $"is {RequestProblem.Quoted(output.Name)} again; expected each output once");
        }
    }

    public IResult Answer(IReadOnlyList<Tensor> tensors)
    {
        var bytes = new List<byte[]>();
        List<OutputTensor> outputs = [];
        foreach ((Tensor tensor, bool isBinary) in Chosen(tensors))
        {
            if (isBinary) bytes.Add(tensor.ToBytes());
            outputs.Add(new OutputTensor
            {
                Name = tensor.Name,
                Datatype = tensor.Datatype,
                Shape = tensor.Shape,
                Parameters = isBinary ? new BinaryDataSize(bytes[^1].Length) : null,
                Data = isBinary ? null : tensor.Data,
            });
        }

        var answer = new InferAnswer { ModelName = model, ModelVersion = Version, Id = request.Id, Outputs = outputs };
        return bytes.Count == 0 ? Json.Answer(answer) : new BinaryAnswer(answer, bytes);
    }

    private IEnumerable<(Tensor Tensor, bool IsBinary)> Chosen(IReadOnlyList<Tensor> tensors) => request.Outputs is not { Count: > 0 } outputs
        ? tensors.Select(tensor => (tensor, binary))
        : outputs.Select(output => (tensors.Single(tensor => tensor.Name == output.Name), output.Parameters?.BinaryData ?? binary));

    /// <summary>The JSON and the bytes of the tensors after it, which a header parts.</summary>
    private sealed class BinaryAnswer(InferAnswer answer, IReadOnlyList<byte[]> tensors) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(answer, Json.Options);
            var body = new ArrayBufferWriter<byte>(json.Length + tensors.Sum(tensor => tensor.Length));
            body.Write(json);
            foreach (byte[] tensor in tensors) body.Write(tensor);
            httpContext.Response.Headers[InferBody.Header] = json.Length.ToString();
            return Json.WriteBytesAsync(httpContext, body.WrittenMemory, InferBody.BinaryType);
        }
    }
}
