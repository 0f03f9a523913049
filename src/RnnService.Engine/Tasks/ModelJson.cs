using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RnnService.Engine.Layers;

namespace RnnService.Engine.Tasks;

/// <summary>An input and the answer wanted: <c>golden.json</c>.</summary>
/// <param name="Input">The text.</param>
/// <param name="Labels">Labels wanted, each exactly.</param>
/// <param name="Scores">Scores wanted, each within <paramref name="Tolerance"/>.</param>
/// <param name="Tolerance">Largest difference allowed: vector widths differ between processors, and with them the last bits.</param>
public sealed record GoldenAnswer(string Input, IReadOnlyList<string> Labels, IReadOnlyList<float> Scores, float Tolerance = 1e-3f);

/// <summary>The content of <c>vocab.json</c>.</summary>
internal sealed record VocabularyContent(IReadOnlyList<string> Tokens, IReadOnlyList<string>? Characters = null);

/// <summary>How the files of a model folder are written as JSON.</summary>
[JsonSerializable(typeof(ModelConfig))]
[JsonSerializable(typeof(VocabularyContent))]
[JsonSerializable(typeof(GoldenAnswer))]
internal sealed partial class ModelJson : JsonSerializerContext
{
    public static readonly ModelJson Files = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // files, not pages: characters stay readable
        WriteIndented = true,
        Converters =
        {
            new JsonStringEnumConverter<ModelTask>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
            new JsonStringEnumConverter<CellKind>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
            new JsonStringEnumConverter<Pooling>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
            new JsonStringEnumConverter<Tokenization>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
        },
    });
}
