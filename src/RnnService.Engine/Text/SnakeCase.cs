using System.Text.Json;

namespace RnnService.Engine.Text;

/// <summary>Names as files, requests and messages spell them: <c>language_model</c> for <c>LanguageModel</c>.</summary>
internal static class SnakeCase
{
    /// <summary>A name of C# in lower case, its words joined by underscores.</summary>
    public static string Of(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    /// <summary>The name of a choice.</summary>
    public static string Of<T>(T value) where T : struct, Enum => Of(value.ToString());
}
