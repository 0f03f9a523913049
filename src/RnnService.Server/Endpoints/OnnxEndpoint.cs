using System.Globalization;
using Microsoft.Net.Http.Headers;
using RnnService.AspNetCore.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Export;
using RnnService.Server.Models;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>Hands out a model as an ONNX file.</summary>
internal static class OnnxEndpoint
{
    private const string ContentType = "application/octet-stream";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/models/{name}/onnx", AnswerAsync)
            .WithName("downloadOnnx")
            .WithSummary("Download a model as ONNX")
            .WithDescription(
                "Its answers are compared with the service's own before it is sent. Its metadata hold configuration, vocabulary, labels and "
                + "licence. A model that ONNX Runtime computes here is sent as it is. A translator is two graphs: part says which is sent.")
            .WithTags("Models")
            .WithMetadata(new PathExample("name", "shakespeare", "Name of the model."))
            .WithMetadata(new QueryExample("opset", $"Version of the ONNX operators; {OnnxExport.DefaultOpset} when left out.",
                OnnxExport.OldestOpset, OnnxExport.NewestOpset))
            .WithMetadata(new QueryChoice("part", "Which graph of a translator; other models have one alone, and none to choose.", "encoder", "decoder"))
            .Produces<Stream>(StatusCodes.Status200OK, ContentType)
            .MayAnswer(ProblemKind.ModelNotFound, ProblemKind.Validation, ProblemKind.Overloaded, ProblemKind.NotReady);

    private static async Task<IResult> AnswerAsync(HttpContext context, string name, string? opset, string? part, ModelRegistry registry, OnnxExports exports)
    {
        int? version = Opset(opset);
        ModelEntry entry = await registry.ServedAsync(name, context.RequestAborted);
        RequestFacts.Of(context).Model = entry.Name;
        GraphPart graph = Part(part, entry);
        // Who has the file need not get it again, and it need not be written.
        string fingerprint = OnnxExport.Fingerprint(entry.Loaded!, version);
        var tag = new EntityTagHeaderValue(graph == GraphPart.Whole ? $"\"{fingerprint}\"" : $"\"{fingerprint}-{part}\"");
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false)))
        {
            context.Response.GetTypedHeaders().ETag = tag;
            return Results.StatusCode(StatusCodes.Status304NotModified);
        }

        if (RequestFacts.Of(context).IsHead)
        {
            // Writing the file takes seconds, and who asks for the head alone does not want it: its length is not told.
            (context.Response.ContentType, context.Response.GetTypedHeaders().ETag) = (ContentType, tag);
            return Results.Empty;
        }

        Stream file;
        try
        {
            file = await exports.ReadAsync(entry.Loaded!, version, graph, fingerprint, context.RequestAborted);
        }
        catch (ArgumentException error)
        {
            throw RequestProblem.Of(ProblemKind.Validation, "opset", error.Message);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RequestProblem(ProblemKind.NotReady, $"the file of {RequestProblem.Quoted(name)} is not the one that was loaded; expected that it is loaded anew");
        }

        string download = graph == GraphPart.Whole ? $"{entry.Name}.onnx" : $"{entry.Name}-{part}.onnx";
        return Results.Stream(file, ContentType, download, entityTag: tag, enableRangeProcessing: true);
    }

    private static int? Opset(string? text)
    {
        if (text is null) return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int opset)
            && opset is >= OnnxExport.OldestOpset and <= OnnxExport.NewestOpset) return opset;
        throw RequestProblem.Of(ProblemKind.Validation, "opset",
            $"is {RequestProblem.Quoted(text)}; expected {OnnxExport.OldestOpset} to {OnnxExport.NewestOpset}");
    }

    private static GraphPart Part(string? text, ModelEntry entry)
    {
        IReadOnlyList<GraphPart> parts = OnnxExport.PartsOf(entry.Loaded!.Model);
        if (text is null && parts is [var only]) return only;
        foreach (GraphPart part in parts)
        {
            if (part != GraphPart.Whole && SnakeCase.Of(part) == text) return part;
        }

        string found = text is null ? "is missing" : $"is {RequestProblem.Quoted(text)}";
        string expected = parts is [_] ? "none, since this model is one graph" : $"{string.Join(" or ", parts.Select(SnakeCase.Of))}, since a translator is two graphs";
        throw RequestProblem.Of(ProblemKind.Validation, "part", $"{found}; expected {expected}");
    }
}
