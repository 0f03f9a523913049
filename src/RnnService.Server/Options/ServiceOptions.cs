using System.ComponentModel.DataAnnotations;
using RnnService.AspNetCore.Options;

namespace RnnService.Server.Options;

/// <summary>
/// Everything that can be set, under the section <c>Rnn</c> of appsettings.json or as environment variables
/// (<c>Rnn__Limits__MaxNewTokens</c>).
/// The summaries are the table in docs/operations.md.
/// </summary>
internal sealed record ServiceOptions
{
    public const string Section = "Rnn";

    /// <summary>
    /// Folder that holds one folder a model. Empty: the nearest folder named models, upwards from the current directory or else from the
    /// program's.
    /// </summary>
    public string ModelsPath { get; init; } = "";

    /// <summary>
    /// Folder with a file for each setting, named like its environment variable, as Kubernetes mounts configurations and secrets. They win over
    /// all others, and log levels among them count as soon as they change. Empty: none.
    /// </summary>
    public string SettingsPath { get; init; } = "";

    public DefaultModelOptions Defaults { get; init; } = new();

    public LimitOptions Limits { get; init; } = new();

    public BatchingOptions Batching { get; init; } = new();

    public LoadingOptions Loading { get; init; } = new();

    public GenerationSessionOptions Sessions { get; init; } = new();

    public HttpOptions Http { get; init; } = new();

    public KeyOptions Keys { get; init; } = new();

    public RouteSwitches Routes { get; init; } = new();

    public LogOptions Log { get; init; } = new();
}

/// <summary>What is answered beside the routes for texts; what is switched off is 404.</summary>
internal sealed record RouteSwitches
{
    /// <summary>The page to try the models with, at <c>/</c>. Off: <c>/</c> leads to Swagger UI.</summary>
    public bool Playground { get; init; } = true;

    /// <summary>
    /// What models say about their answers: <c>explain</c> of /classify, <c>activations</c> of /generate, and /inspect. Off: the fields are
    /// answered with 422, the route is not there.
    /// </summary>
    public bool Explanations { get; init; } = true;

    /// <summary>Swagger UI and the OpenAPI document at <c>/swagger</c>.</summary>
    public bool Swagger { get; init; } = true;

    /// <summary><c>/metrics</c>. The port for probes answers it either way.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary><c>/models</c> and <c>/models/{name}</c>: what is served, what is not and why.</summary>
    public bool Models { get; init; } = true;

    /// <summary>
    /// <c>/v2/repository/…</c>: models are listed, loaded and unloaded while they are served, by whoever runs the service.
    /// </summary>
    public bool Repository { get; init; }

    /// <summary><c>/models/{name}/files/{file}</c> and <c>/models/{name}/onnx</c>: the models themselves.</summary>
    public bool Downloads { get; init; } = true;
}

/// <summary>What the service writes to its console.</summary>
internal sealed record LogOptions
{
    public const string Text = "text";
    public const string Json = "json";

    /// <summary>Name of the console's formatter that writes lines for people.</summary>
    public const string PlainFormatter = "plain";

    /// <summary>text for people, json for machines. Empty: text on a terminal, json where the output goes anywhere else.</summary>
    [AllowedValues("", Text, Json)]
    public string Format { get; init; } = "";
}
