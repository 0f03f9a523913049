using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RnnService.Engine.Text;

/// <summary>
/// A subword tokenizer as others read it: <c>tokenizer.json</c> of Hugging Face's tokenizers, and GPT-2's <c>vocab.json</c> and <c>merges.txt</c>. Their
/// ids are the same, but for a special token that stands in a text, such as <c>&lt;/s&gt;</c>: here it is text.
/// </summary>
internal static class SubwordFiles
{
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    /// <summary>The files by their names.</summary>
    public static IReadOnlyList<(string Name, byte[] Content)> Of(SubwordTokenizer tokenizer) =>
        [("tokenizer.json", HuggingFace(tokenizer)), ("vocab.json", Ids(tokenizer)), ("merges.txt", Merges(tokenizer))];

    /// <summary><c>tokenizer.json</c>.</summary>
    public static byte[] HuggingFace(SubwordTokenizer tokenizer) => Json(json =>
    {
        Vocabulary vocabulary = tokenizer.Vocabulary;
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        for (int id = 0; id < vocabulary.Count; id++)
        {
            if (!vocabulary.IsSpecial(id)) continue;
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("content", vocabulary[id]);
            foreach (string no in (string[])["single_word", "lstrip", "rstrip", "normalized"]) json.WriteBoolean(no, false);
            json.WriteBoolean("special", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (tokenizer.LowerCase) Type("normalizer", "Lowercase");
        else json.WriteNull("normalizer");
        ByteLevel("pre_tokenizer");
        json.WriteNull("post_processor");
        ByteLevel("decoder");
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("unk_token");
        json.WritePropertyName("vocab");
        WriteIds(json, vocabulary);
        json.WriteStartArray("merges");
        foreach (string merge in vocabulary.Merges!)
        {
            json.WriteStartArray();
            foreach (string part in merge.Split(' ')) json.WriteStringValue(part);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();

        void Type(string name, string type)
        {
            json.WriteStartObject(name);
            json.WriteString("type", type);
            json.WriteEndObject();
        }

        void ByteLevel(string name)
        {
            json.WriteStartObject(name);
            json.WriteString("type", "ByteLevel");
            json.WriteBoolean("add_prefix_space", false);
            json.WriteBoolean("trim_offsets", false);
            json.WriteBoolean("use_regex", true);
            json.WriteEndObject();
        }
    });

    /// <summary>GPT-2's <c>vocab.json</c>: ids by token.</summary>
    public static byte[] Ids(SubwordTokenizer tokenizer) => Json(json => WriteIds(json, tokenizer.Vocabulary));

    /// <summary>GPT-2's <c>merges.txt</c>.</summary>
    public static byte[] Merges(SubwordTokenizer tokenizer) =>
        Encoding.UTF8.GetBytes(string.Concat(tokenizer.Vocabulary.Merges!.Prepend("#version: 0.2").Select(line => line + "\n")));

    private static void WriteIds(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        json.WriteStartObject();
        for (int id = 0; id < vocabulary.Count; id++) json.WriteNumber(vocabulary[id], id);
        json.WriteEndObject();
    }

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, s_readable)) write(json);
        return stream.ToArray();
    }
}
