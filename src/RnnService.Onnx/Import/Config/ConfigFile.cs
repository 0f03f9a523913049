using System.Text.Json;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Config;

/// <summary>
/// A configuration as a model folder has it or as users of PyTorch and Hugging Face write it. What it leaves out comes from the network's
/// facts; what contradicts them, and everything else that is wrong, is told together.
/// </summary>
internal sealed partial class ConfigFile
{
    private const int MostBytes = 1 << 22;

    private readonly string _path;
    private readonly VocabularyFile? _vocabulary; // null of a model that reads numbers
    private readonly Dictionary<string, (string Spelling, JsonElement Value)> _given = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];
    private readonly List<string> _notes;
    private NetworkFacts _facts;
    private bool _isIncomplete;

    private ConfigFile(string path, VocabularyFile? vocabulary, NetworkFacts facts, List<string> notes) =>
        (_path, _vocabulary, _facts, _notes) = (path, vocabulary, facts, notes);

    /// <summary>Reads a configuration.</summary>
    /// <param name="text">The file, or what stands in its place.</param>
    /// <param name="vocabulary">The tokens, whose number is checked; null for a model that reads numbers.</param>
    /// <param name="facts">What is known about the network.</param>
    /// <param name="notes">Told what was assumed.</param>
    /// <param name="advice">What to say where something is missing that the facts do not tell.</param>
    /// <param name="labels">Names of the labels, in place of those of the configuration.</param>
    /// <exception cref="ImportException">It is malformed, incomplete, or contradicts itself, the vocabulary or the network.</exception>
    public static (ModelConfig Config, SpecialIds Ids) Read(
        TextSource text, VocabularyFile? vocabulary, NetworkFacts facts, List<string> notes, string? advice = null, IReadOnlyList<string>? labels = null)
    {
        string path = text.Place;
        var file = new ConfigFile(path, vocabulary, facts, notes);
        file.Collect(text.ReadObject(MostBytes));
        if (labels is not null) file.Name(labels);
        ModelConfig config = file.Build();
        var ids = new SpecialIds(file.TokenId("unk_token_id"), file.TokenId("pad_token_id"), file.TokenId("eos_token_id"));
        if (file._problems.Count == 0) file.CheckAgreement(config);
        if (file._problems.Count > 0) throw new ImportException(path, file._problems, file._isIncomplete ? advice : null);
        file.NoteAssumptions(config);
        return (config, ids);
    }

    private void Collect(JsonElement config)
    {
        foreach (JsonProperty property in config.EnumerateObject())
        {
            string name = ConfigWords.OtherNames.GetValueOrDefault(property.Name, property.Name);
            if (ConfigWords.WithoutEffect.Contains(name) || property.Value.ValueKind == JsonValueKind.Null) continue;
            if (!ConfigWords.Fields.Contains(name))
            {
                string? near = NearestName.Of(name, ConfigWords.Fields.Concat(ConfigWords.OtherNames.Keys));
                _problems.Add($"{Quote(name)} is no field{(near is null ? "" : $"; {near} is one")}");
            }
            else if (!_given.TryAdd(name, (property.Name, property.Value)))
            {
                _problems.Add($"{_given[name].Spelling} and {property.Name} are the same field; expected one of them");
            }
        }
    }

    // What is missing or wrong has been told, and its place taken by a value of no meaning.
    private ModelConfig Build()
    {
        bool? isTied = Flag("tie_weights");
        if (isTied == true && _facts.IfTied is var (rows, columns)) _facts = _facts with { Tokens = rows, EmbeddingSize = columns };
        CheckVocabulary();
        ModelTask? task = Settle("task", Word("task", ConfigWords.Tasks), _facts.Task);
        if (task is null && !_given.ContainsKey("task")) task = _facts.AnswersSteps is { } each ? each ? ModelTask.Tagger : ModelTask.Classifier : null;
        if (task is null && !_given.ContainsKey("task"))
            _problems.Add("task is missing; expected text-generation, text-classification or token-classification");
        CheckProblemType(task);
        return new ModelConfig(
            formatVersion: Whole("format_version") ?? ModelConfig.CurrentFormat,
            layers: Settle("layers", Whole("layers"), _facts.Layers) ?? 1,
            labels: task is null or ModelTask.LanguageModel or ModelTask.Forecaster ? [] : Labels(task.Value),
            metrics: Metrics(),
            examples: Nested("examples", ModelJson.Files.IReadOnlyListString))
        {
            Task = task ?? default,
            Cell = Cell(),
            Numbers = Numbers(task),
            Tokenizer = _vocabulary is null ? Tokenization.None : Tokenizer(task),
            LowerCase = Flag("lower_case") ?? false,
            EmbeddingSize = _vocabulary is null ? 0 : Size("embedding_size", _facts.EmbeddingSize),
            HiddenSize = Size("hidden_size", _facts.HiddenSize),
            Bidirectional = Way("bidirectional", Direction.Bidirectional),
            Reverse = Way("reverse", Direction.Reverse),
            TieWeights = Settle("tie_weights", isTied, _facts.TieWeights) ?? false,
            Pooling = Settle("pooling", Word("pooling", ConfigWords.Poolings), _facts.Pooling) ?? Pooling.Last,
            Crf = Settle("crf", Flag("crf"), _facts.Crf) ?? false,
            Tags = Word("tags", ConfigWords.Tags),
            Characters = Nested("characters", ModelJson.Files.CharacterConfig) ?? _facts.Characters,
            Base = Nested("base", ModelJson.Files.BaseConfig),
            OutputName = Text("output_name"),
            Generation = Nested("generation", ModelJson.Files.GenerationOptions),
            Description = Text("description"),
            License = Text("license"),
        };
    }

    private void CheckAgreement(ModelConfig config)
    {
        try
        {
            config.Validate();
        }
        catch (ArgumentException error)
        {
            _problems.Add(error.Message);
        }
    }

    private void CheckVocabulary()
    {
        if (_vocabulary is null) return;
        int count = _vocabulary.Tokens.Count;
        if (_facts.Tokens is { } tokens && tokens != count)
            _problems.Add($"{_vocabulary.Path} holds {count} tokens; expected {tokens}, as {_facts.Witness}");
        if (Whole("vocab_size") is { } size && size != count)
            _problems.Add($"vocab_size is {size}; expected {count}, the number of tokens in {_vocabulary.Path}");
    }

    private CellKind Cell()
    {
        bool isGiven = _given.ContainsKey("cell");
        CellKind[]? given = Word("cell", ConfigWords.Cells);
        if (isGiven && given is null) return default;
        CellKind[] left = [.. (given ?? _facts.Cells ?? []).Where(cell => _facts.Cells?.Contains(cell) ?? true)];
        // A word for several cells means the first of them; weights that fit several cells mean none.
        if (left.Length == 1 || left.Length > 1 && isGiven) return left[0];
        string expected = _facts.Cells is { } cells
            ? $"{string.Join(" or ", cells.Select(cell => SnakeCase.Of(cell)))}, as {_facts.Witness}"
            : "rnn, gru or lstm";
        if (isGiven) _problems.Add($"{Found("cell")}; expected {expected}");
        else Missing("cell", expected);
        return default;
    }

    private bool Way(string field, Direction direction) =>
        Settle(field, Flag(field), _facts.Direction is { } found ? found == direction : null) ?? false;

    private Tokenization Tokenizer(ModelTask? task)
    {
        if (_given.ContainsKey("tokenizer")) return Word("tokenizer", ConfigWords.Tokenizers) ?? default;
        bool characters = task == ModelTask.LanguageModel && _vocabulary!.IsOfCharacters;
        _notes.Add($"{_path} names no tokenizer: " + (characters
            ? "characters, since every token is one"
            : task == ModelTask.LanguageModel ? "whitespace" : "whitespace; \"tokenizer\": \"english\" would split off punctuation"));
        return characters ? Tokenization.Characters : Tokenization.Whitespace;
    }
}
