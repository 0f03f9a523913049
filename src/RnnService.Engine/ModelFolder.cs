using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RnnService.Engine.Tasks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine;

/// <summary>A model folder cannot be read: the message names file, field, value found and value wanted.</summary>
public sealed class ModelFolderException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A model read from its folder, with the facts about it.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Model">The model.</param>
/// <param name="Parameters">Number of trained values.</param>
/// <param name="Bytes">Size of the weight file.</param>
/// <param name="Sha256">Hash of the weight file, lower-case hexadecimal.</param>
public sealed record LoadedModel(string Name, TextModel Model, long Parameters, long Bytes, string Sha256);

/// <summary>Reads and writes model folders: config.json, vocab.json, model.safetensors, golden.json. See docs/model-format.md.</summary>
public static class ModelFolder
{
    private const string ConfigFile = "config.json", VocabularyFile = "vocab.json", WeightFile = "model.safetensors", GoldenFile = "golden.json";

    /// <summary>Reads a model and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the answer is not the golden one.</exception>
    public static LoadedModel Load(string path)
    {
        LoadedModel loaded = LoadUnchecked(path);
        CheckGolden(Read(path, GoldenFile, ModelJson.Files.GoldenAnswer), loaded.Model, Path.Combine(path, GoldenFile));
        return loaded;
    }

    /// <summary>Writes a model and its golden answer to this text. Existing files are replaced one by one, each as a whole.</summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="model">The model.</param>
    /// <param name="goldenInput">The text whose answer is kept.</param>
    /// <param name="type">Element type of the weights; the golden answer is that of the weights as written.</param>
    public static void Save(string path, TextModel model, string goldenInput, TensorType type = TensorType.F32)
    {
        Directory.CreateDirectory(path);
        Write(path, ConfigFile, model.Config, ModelJson.Files.ModelConfig);
        var vocabulary = new VocabularyContent(model.Vocabulary.Tokens.Tokens, model.Vocabulary.Characters?.Tokens);
        Write(path, VocabularyFile, vocabulary, ModelJson.Files.VocabularyContent);
        SafeTensorsFile.Write(
            Path.Combine(path, WeightFile),
            model.Parameters.All.Select(parameter => new TensorData(parameter.Name, parameter.Shape, parameter.Values.ToArray())),
            new Dictionary<string, string> { ["format"] = "pt" },
            type);
        ModelAnswer answer = LoadUnchecked(path).Model.Answer(goldenInput);
        Write(path, GoldenFile, new GoldenAnswer(goldenInput, answer.Labels, answer.Scores), ModelJson.Files.GoldenAnswer);
    }

    /// <summary>Replaces the configuration alone, such as to add measured scores. The sizes must stay.</summary>
    public static void SaveConfig(string path, ModelConfig config) => Write(path, ConfigFile, config, ModelJson.Files.ModelConfig);

    /// <summary>Reads a model to train it on: weights are copied and may be changed; the golden answer is not asked for.</summary>
    internal static TextModel LoadForTraining(string path) => LoadUnchecked(path, trainable: true).Model;

    private static LoadedModel LoadUnchecked(string path, bool trainable = false)
    {
        if (!Directory.Exists(path)) throw new ModelFolderException($"{path}: no such folder");
        ModelConfig config = Blame(Path.Combine(path, ConfigFile), () =>
        {
            ModelConfig read = Read(path, ConfigFile, ModelJson.Files.ModelConfig);
            read.Validate();
            return read;
        });
        VocabularyContent content = Read(path, VocabularyFile, ModelJson.Files.VocabularyContent);
        string weights = Path.Combine(path, WeightFile);
        try
        {
            var vocabulary = new ModelVocabulary(
                Named("tokens", content.Tokens), content.Characters is null ? null : Named("characters", content.Characters));
            if (!File.Exists(weights)) throw new ModelFolderException($"{weights}: missing");
            SafeTensorsFile file = SafeTensorsFile.Open(weights);
            var parameters = Parameters.From((name, shape) => file.Floats(name, shape), trainable);
            TextModel model = TextModel.Create(config, vocabulary, parameters);
            if (file.Names.Except(parameters.All.Select(parameter => parameter.Name)).FirstOrDefault() is { } extra)
                throw new ModelFolderException($"{weights}: holds {extra}, which the configuration has no place for");
            using FileStream stream = File.OpenRead(weights);
            return new LoadedModel(
                Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))), model, parameters.Count, stream.Length,
                Convert.ToHexStringLower(SHA256.HashData(stream)));
        }
        catch (Exception error) when (error is ArgumentException or WeightFormatException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException($"{path}: {error.Message}", error);
        }

        Vocabulary Named(string field, IReadOnlyList<string> tokens) =>
            Blame($"{Path.Combine(path, VocabularyFile)}: {field}", () => new Vocabulary(tokens));
    }

    /// <summary>Says where what is refused comes from.</summary>
    private static T Blame<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ArgumentException error)
        {
            throw new ModelFolderException($"{place}: {error.Message}", error);
        }
    }

    private static void CheckGolden(GoldenAnswer golden, TextModel model, string file)
    {
        ModelAnswer answer = Blame($"{file}: input", () => model.Answer(golden.Input));
        if (!answer.Labels.SequenceEqual(golden.Labels))
        {
            throw new ModelFolderException(
                $"{file}: the model answers {string.Join(' ', answer.Labels.Take(20))}; wanted {string.Join(' ', golden.Labels.Take(20))}");
        }

        if (golden.Scores.Count != answer.Scores.Count)
            throw new ModelFolderException($"{file}: scores holds {golden.Scores.Count} numbers: {answer.Scores.Count} wanted");
        for (int i = 0; i < answer.Scores.Count; i++)
        {
            if (!(MathF.Abs(answer.Scores[i] - golden.Scores[i]) <= golden.Tolerance))
            {
                throw new ModelFolderException(FormattableString.Invariant(
                    $"{file}: score {i} is {answer.Scores[i]}; wanted {golden.Scores[i]} within {golden.Tolerance}"));
            }
        }
    }

    private static T Read<T>(string path, string file, JsonTypeInfo<T> type)
    {
        string full = Path.Combine(path, file);
        try
        {
            using FileStream stream = File.OpenRead(full);
            return JsonSerializer.Deserialize(stream, type) ?? throw new ModelFolderException($"{full}: null found, an object wanted");
        }
        catch (JsonException error)
        {
            throw new ModelFolderException($"{full}: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(File.Exists(full) ? $"{full}: {error.Message}" : $"{full}: missing", error);
        }
    }

    private static void Write<T>(string path, string file, T value, JsonTypeInfo<T> type)
    {
        string full = Path.Combine(path, file), temporary = full + ".tmp";
        File.WriteAllText(temporary, JsonSerializer.Serialize(value, type) + "\n");
        File.Move(temporary, full, overwrite: true);
    }
}
