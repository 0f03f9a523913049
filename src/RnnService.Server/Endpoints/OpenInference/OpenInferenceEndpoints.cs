using System.Reflection;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Server.Options;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenInference;

/// <summary>The Open Inference Protocol, version 2, as clients of KServe and Triton speak it over HTTP.</summary>
internal static class OpenInferenceEndpoints
{
    private const string Group = "Open Inference";

    private const string Example = """
        {"id": "1", "inputs": [{"name": "text", "shape": [2], "datatype": "BYTES", "data": ["a lovely film", "two hours I will never get back"]}]}
        """;

    private const string Answer = """
        {"model_name": "sentiment", "model_version": "1", "id": "1",
         "outputs": [{"name": "label", "datatype": "BYTES", "shape": [2], "data": ["positive", "negative"]},
                     {"name": "scores", "datatype": "FP32", "shape": [2, 2], "data": [0.003760491, 0.99623954, 0.8373962, 0.16260378]}]}
        """;

    private static readonly PathExample Model = new("name", "sentiment", "Name of the model.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/v2").WithTags(Group);
        string[] extensions = ["binary_tensor_data", .. routes.ServiceProvider.GetRequiredService<RouteSwitches>().Repository ? ["model_repository"] : (string[])[]];
        group.MapGet("", () => Json.Answer(new ServerMetadata
        {
            Name = "rnnservice",
            Version = Assembly.GetExecutingAssembly().GetName().Version!.ToString(3),
            Extensions = extensions,
        }))
            .WithName("getServerMetadata").WithSummary("Describe the service").WithDescription("Its name, version and the extensions of the protocol that it answers.")
            .Produces<ServerMetadata>();
        group.MapGet("/health/live", (ComputeLoop loop) =>
            {
                HealthEndpoints.ThrowIfStuck(loop);
                return Json.Answer(new LiveAnswer(true));
            })
            .AllowAnonymous()
            .WithName("isServerLive").WithSummary("Whether the process works").WithDescription("As /health/live.")
            .Produces<LiveAnswer>().MayAnswer(ProblemKind.NotReady);
        group.MapGet("/health/ready", (ModelRegistry registry, ComputeLoop loop) =>
            {
                HealthEndpoints.ThrowIfNotReady(registry, loop);
                return Json.Answer(new ReadyAnswer(true));
            })
            .AllowAnonymous()
            .WithName("isServerReady").WithSummary("Whether requests are answered").WithDescription("As /health/ready.")
            .Produces<ReadyAnswer>().MayAnswer(ProblemKind.NotReady);
        var tools = routes.ServiceProvider.GetRequiredService<GenerateTools>();
        MapModel(group.MapGroup("/models/{name}").WithMetadata(Model), "Model", tools);
        RouteGroupBuilder version = group.MapGroup("/models/{name}/versions/{version}").WithMetadata(Model)
            .WithMetadata(new PathExample("version", InferOutputs.Version, "The only version that a model has."));
        version.AddEndpointFilter((context, next) => context.HttpContext.GetRouteValue("version") is InferOutputs.Version ? next(context)
            : throw new RequestProblem(ProblemKind.ModelNotFound, $"the model has no such version; expected {InferOutputs.Version}"));
        MapModel(version, "ModelVersion", tools);
    }

    /// <summary>Maps what a model answers, with its version in the address or without.</summary>
    private static void MapModel(RouteGroupBuilder routes, string of, GenerateTools tools)
    {
        routes.MapGet("", async (HttpContext context, string name, ModelRegistry registry) =>
            Json.Answer(Metadata(await registry.ServedAsync(name, context.RequestAborted), tools)))
            .WithName($"get{of}Metadata").WithSummary("Describe a model's tensors").WithDescription("The tensors that it takes and answers; -1 is a size of the request's.")
            .Produces<ModelMetadata>().MayAnswer(ProblemKind.ModelNotFound, ProblemKind.NotReady);
        routes.MapGet("/ready", (string name, ModelRegistry registry) => IsReady(registry.Entry(name), registry)
            ? Json.Answer(new ModelReadyAnswer(name, true)) : throw new RequestProblem(ProblemKind.NotReady, ModelSet.LoadingSentence(name)))
            .WithName($"is{of}Ready").WithSummary("Whether a model answers").WithDescription("Not while it is being loaded, nor when it cannot be served.")
            .Produces<ModelReadyAnswer>().MayAnswer(ProblemKind.ModelNotFound, ProblemKind.NotReady);
        routes.MapInference("/infer", call => AnswerAsync(call, tools), endsWithRequest: true)
            .WithName($"infer{of}").WithSummary("Compute tensors")
            .WithDescription("Texts or numbers in, tensors out: what the model's own route answers, in the protocol's form. The elements of tensors are JSON, or bytes after it "
                + $"when the header {InferBody.Header} says how long it is.")
            .Accepts<InferRequest>("application/json", InferBody.BinaryType)
            .Produces<InferAnswer>(StatusCodes.Status200OK, "application/json", InferBody.BinaryType)
            .WithMetadata(new RequestExample(Example), new AnswerExample(Answer));
    }

    private static async Task<IResult> AnswerAsync(InferenceCall call, GenerateTools tools)
    {
        HttpRequest request = call.Context.Request;
        InferBody.CheckMediaType(request);
        string header = request.Headers[InferBody.Header].ToString();
        InferBody body = await call.ReadAsync((bytes, reader) => InferBody.Parse(bytes, header, reader, tools.Limits));
        ServedModel served = await call.ModelAsync((string)request.RouteValues["name"]!);
        return await ModelTensors.Of(served, tools).InferAsync(call, body);
    }

    private static ModelMetadata Metadata(ModelEntry entry, GenerateTools tools)
    {
        ModelTensors tensors = ModelTensors.Of(entry.Served!, tools);
        return new ModelMetadata
        {
            Name = entry.Name,
            Versions = [InferOutputs.Version],
            Platform = $"rnnservice_{entry.Loaded!.Model.Network.Backend}",
            Inputs = tensors.Inputs,
            Outputs = tensors.Outputs,
            Parameters = new ModelFacts { Task = ModelTasks.NameOf(entry.Loaded!.Model.Config.Task), Labels = tensors.Labels },
        };
    }

    /// <exception cref="AspNetCore.Errors.InferenceException">It cannot be served.</exception>
    private static bool IsReady(ModelEntry entry, ModelRegistry registry) => entry.Served is not null
        || (entry.State == ModelState.Loading ? false : throw registry.Models.NotServed(entry));
}
