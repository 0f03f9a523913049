using System.Text;
using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Config;

/// <summary>Ids that a configuration gives the special tokens; null where it names none.</summary>
internal readonly record struct SpecialIds(int? Unknown, int? Padding, int? End);

/// <summary>
/// A vocabulary as others write it: vocab.json of a model folder, a JSON list of tokens, a JSON object from token to id, or plain text
/// with a token a line.
/// </summary>
internal sealed class VocabularyFile
{
    private const int MostBytes = 1 << 26;

    // What the special tokens are usually called; Keras leaves the name of padding empty.
    private static readonly string[] UnknownNames = [Vocabulary.Unknown, "[UNK]", "<UNK>", "UNK", "<oov>", "<OOV>", "[OOV]"];
    private static readonly string[] PaddingNames = [Vocabulary.Padding, "[PAD]", "<PAD>", ""];
    private static readonly string[] EndNames = [Vocabulary.End, "<eos>", "[EOS]", "<EOS>", "<|endoftext|>"];

    private readonly VocabularyContent _content;

    private VocabularyFile(string path, VocabularyContent content) => (Path, _content) = (path, content);

    /// <summary>The file, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>Tokens in id order.</summary>
    public IReadOnlyList<string> Tokens => _content.Tokens;

    /// <summary>Whether every token is one code point; those in angle or square brackets, or with a usual name, do not count.</summary>
    public bool IsOfCharacters => Tokens.All(token =>
        Rune.DecodeFromUtf16(token, out _, out int length) == System.Buffers.OperationStatus.Done && length == token.Length
        || token is ['<', _, .., '>'] or ['[', _, .., ']']
        || UnknownNames.Contains(token) || PaddingNames.Contains(token));

    /// <summary>Reads a vocabulary.</summary>
    /// <exception cref="ImportException">It is none of the forms, or a token occurs twice.</exception>
    public static VocabularyFile Read(TextSource source)
    {
        string path = source.Place;
        byte[] text = source.Read(MostBytes);
        try
        {
            bool isJson = source.IsJson;
            VocabularyContent content = isJson ? new JsonForms(path, text).Read() : new VocabularyContent(Lines(path, text));
            CheckDistinct(path, "token", content.Tokens);
            CheckDistinct(path, "character", content.Characters ?? []);
            if (content.Tokens.Count == 0) throw new ImportException(path, "no token; expected one or more");
            return new VocabularyFile(path, content);
        }
        catch (JsonException error)
        {
            throw InputFile.NotJson(path, error);
        }
    }

    /// <summary>The vocabulary with its special tokens: as asked, as the configuration or the file says, or by their usual names.</summary>
    /// <param name="task">What the model does: all but a language model need a token for unknown ones.</param>
    /// <param name="unknownToken">The token for unknown ones that the caller names.</param>
    /// <param name="ids">What the configuration says, each an id of the vocabulary.</param>
    /// <param name="notes">Told what was assumed.</param>
    /// <exception cref="ImportException">A token that is named is missing.</exception>
    public ModelVocabulary ToVocabulary(ModelTask task, string? unknownToken, SpecialIds ids, List<string> notes)
    {
        string? unknown = unknownToken ?? Token(ids.Unknown) ?? _content.Unknown ?? Usual(UnknownNames);
        if (unknown is null && task != ModelTask.LanguageModel)
        {
            unknown = Tokens[0];
            notes.Add($"{Path} has no token for unknown words: token 0, {Quote(unknown)}, is taken; unk_token_id in the configuration names another");
        }

        try
        {
            string? padding = Token(ids.Padding) ?? _content.Padding, end = Token(ids.End) ?? _content.End;
            var named = new VocabularyContent(
                Tokens, _content.Characters, unknown, padding ?? Usual(PaddingNames), end ?? Usual(EndNames));
            NoteUsual(
                notes, (unknownToken ?? Token(ids.Unknown) ?? _content.Unknown, Usual(UnknownNames), "unknown ones"),
                (padding, Usual(PaddingNames), "padding"), (end, Usual(EndNames), "the end"));
            return named.ToVocabulary();
        }
        catch (ArgumentException error)
        {
            throw new ImportException(Path, error.Message, error);
        }
    }

    private void NoteUsual(List<string> notes, params (string? Said, string? Usual, string Role)[] tokens)
    {
        string[] taken = [.. from token in tokens
                             where token.Said is null && token.Usual is not null
                             select $"{Quote(token.Usual)} for {token.Role}"];
        if (taken.Length > 0) notes.Add($"{Path}: by their names, {string.Join(", ", taken)}");
    }

    private string? Token(int? id) => id is { } given ? Tokens[given] : null;

    private string? Usual(string[] names) => names.FirstOrDefault(name => Tokens.Contains(name, StringComparer.Ordinal));

    private static List<string> Lines(string path, byte[] text)
    {
        string[] lines = Encoding.UTF8.GetString(text).Split('\n');
        var tokens = new List<string>(lines.Length);
        // What follows the last line break is no line unless there is something.
        foreach (string line in lines[^1].Length == 0 ? lines.AsSpan(0, lines.Length - 1) : lines)
        {
            string token = line.EndsWith('\r') ? line[..^1] : line;
            if (token.Length == 0)
            {
                throw new ImportException(
                    path, $"line {tokens.Count + 1} is empty; expected a token a line; a JSON list takes tokens with line breaks");
            }

            tokens.Add(token);
        }

        return tokens;
    }

    private static void CheckDistinct(string path, string what, IReadOnlyList<string> tokens)
    {
        var ids = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        for (int id = 0; id < tokens.Count; id++)
        {
            if (ids.TryAdd(tokens[id], id)) continue;
            throw new ImportException(path, $"{what} {id} repeats {what} {ids[tokens[id]]} ({Quote(tokens[id])}): each must occur once");
        }
    }

    // A token after the other: a document of a vocabulary would take several times its size.
    private ref struct JsonForms(string path, ReadOnlySpan<byte> json)
    {
        private Utf8JsonReader _reader = new(json);

        public VocabularyContent Read()
        {
            _reader.Read();
            VocabularyContent content = _reader.TokenType switch
            {
                JsonTokenType.StartArray => new VocabularyContent(Strings("token")),
                JsonTokenType.StartObject => ReadObject(),
                _ => throw Refuse($"{Found()} found; expected a list of tokens, an object from token to id, or one with a list named tokens"),
            };
            // What may still follow is white space; the reader throws on anything else.
            _reader.Read();
            return content;
        }

        private VocabularyContent ReadObject()
        {
            var ids = new List<(string Token, long Id)>();
            List<string>? tokens = null, characters = null;
            var special = new Dictionary<string, string>(StringComparer.Ordinal);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
            {
                string key = Text();
                if (!seen.Add(key)) throw Refuse($"{Quote(key)} occurs twice");
                _reader.Read();
                switch (_reader.TokenType)
                {
                    case JsonTokenType.StartArray when key == "tokens": tokens = Strings(key); break;
                    case JsonTokenType.StartArray when key == "characters": characters = Strings(key); break;
                    case JsonTokenType.String when key is "unknown" or "padding" or "end": special.Add(key, Text()); break;
                    case JsonTokenType.Null when key is "unknown" or "padding" or "end" or "characters": break;
                    case JsonTokenType.Number when _reader.TryGetInt64(out long id): ids.Add((key, id)); break;
                    default: throw Refuse($"{Quote(key)} is {Found()}; expected a whole number, its id");
                }
            }

            if (tokens is null && (characters is not null || special.Count > 0)) throw Refuse("a list named tokens is missing");
            if (tokens is not null && ids.Count > 0)
                throw Refuse($"{Quote(ids[0].Token)} stands beside a list named tokens; expected the one or the other");
            string file = path;
            return new VocabularyContent(
                tokens ?? IdOrder.Of(ids, problem => throw new ImportException(file, problem)), characters,
                special.GetValueOrDefault("unknown"), special.GetValueOrDefault("padding"), special.GetValueOrDefault("end"));
        }

        private List<string> Strings(string what)
        {
            var strings = new List<string>();
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
            {
                if (_reader.TokenType != JsonTokenType.String) throw Refuse($"{what} {strings.Count} is {Found()}; expected a string");
                strings.Add(Text());
            }

            return strings;
        }

        private readonly string Text()
        {
            try
            {
                return _reader.GetString()!;
            }
            catch (InvalidOperationException error)
            {
                throw new ImportException(path, $"byte {_reader.TokenStartIndex}: an escape that is half of a surrogate pair", error);
            }
        }

        private readonly string Found() => _reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "a list",
            JsonTokenType.String => "a string",
            _ => Encoding.UTF8.GetString(_reader.ValueSpan[..Math.Min(40, _reader.ValueSpan.Length)]),
        };

        private readonly ImportException Refuse(string problem) => new(path, problem);
    }
}
