using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RnnService.Engine.Layers;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>The content of <c>vocab.json</c>.</summary>
/// <param name="Tokens">Tokens in id order.</param>
/// <param name="Characters">Characters in id order.</param>
/// <param name="Unknown">The token that stands for every other one, where it is not called <see cref="Vocabulary.Unknown"/>.</param>
/// <param name="Padding">The token that fills up, where it is not called <see cref="Vocabulary.Padding"/>.</param>
/// <param name="End">The token that ends a text, where it is not called <see cref="Vocabulary.End"/>.</param>
/// <param name="Merges">Pairs of subwords that are joined.</param>
/// <param name="Targets">A translator's tokens of its targets in id order, where they are others than its sources'; special ones have their usual names.</param>
/// <param name="TargetMerges">The pairs of those.</param>
internal sealed record VocabularyContent(
    IReadOnlyList<string> Tokens, IReadOnlyList<string>? Characters = null, string? Unknown = null, string? Padding = null, string? End = null,
    IReadOnlyList<string>? Merges = null, IReadOnlyList<string>? Targets = null, IReadOnlyList<string>? TargetMerges = null)
{
    public static VocabularyContent Of(ModelVocabulary vocabulary) => new(
        vocabulary.Tokens.Tokens,
        vocabulary.Characters?.Tokens,
        Unusual(vocabulary.Tokens, vocabulary.Tokens.UnknownId, Vocabulary.Unknown),
        Unusual(vocabulary.Tokens, vocabulary.Tokens.PaddingId, Vocabulary.Padding),
        Unusual(vocabulary.Tokens, vocabulary.Tokens.EndId, Vocabulary.End),
        vocabulary.Tokens.Merges,
        vocabulary.Targets?.Tokens,
        vocabulary.Targets?.Merges);

    /// <summary>The vocabularies.</summary>
    /// <exception cref="ArgumentException">A token repeats or is missing; the message begins with the field.</exception>
    public ModelVocabulary ToVocabulary()
    {
        return new ModelVocabulary(
            Named("tokens", () => new Vocabulary(Tokens, Unknown, Padding, End, Merges)),
            Characters is null ? null : Named("characters", () => new Vocabulary(Characters)),
            Targets is null ? null : Named("targets", () => new Vocabulary(Targets, merges: TargetMerges)));

        static Vocabulary Named(string field, Func<Vocabulary> create)
        {
            try
            {
                return create();
            }
            catch (ArgumentException error)
            {
                throw new ArgumentException($"{field}: {error.Message}", error);
            }
        }
    }

    private static string? Unusual(Vocabulary tokens, int id, string usual) => id < 0 || tokens[id] == usual ? null : tokens[id];
}

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
            new JsonStringEnumConverter<SpanTags>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
            new JsonStringEnumConverter<Pooling>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
            new JsonStringEnumConverter<AttentionKind>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
            new JsonStringEnumConverter<Tokenization>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false),
        },
    });
}
