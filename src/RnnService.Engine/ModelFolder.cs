using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RnnService.Engine.Tasks;
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
/// <param name="File">The weight file.</param>
/// <param name="Golden">The answer that it must give; null where the folder holds none.</param>
public sealed record LoadedModel(
    string Name, TextModel Model, long Parameters, long Bytes, string Sha256, string File, GoldenAnswer? Golden = null)
{
    /// <summary>
    /// How narrow the weights are: <c>f32</c>, <c>f16</c>, <c>bf16</c> or <c>int8</c>; null where something else than this engine computes.
    /// </summary>
    public string? Dtype => (Model.Network as NativeNetwork)?.Parameters.Type switch
    {
        null => null,
        TensorType.I8 => "int8",
        TensorType type => type.ToString().ToLowerInvariant(),
    };
}

/// <summary>Opens a network that something other than this engine computes, such as ONNX Runtime.</summary>
/// <param name="file">The file, <c>model.onnx</c>.</param>
/// <param name="config">What the model is.</param>
/// <param name="vocabulary">Its tokens.</param>
/// <exception cref="WeightFormatException">The file is malformed or does not fit the configuration.</exception>
public delegate INetwork NetworkReader(string file, ModelConfig config, ModelVocabulary vocabulary);

/// <summary>
/// Reads and writes model folders: config.json, vocab.json, model.safetensors or model.onnx, golden.json. See docs/model-format.md.
/// </summary>
public static class ModelFolder
{
    private const string ConfigFile = "config.json", VocabularyFile = "vocab.json", GoldenFile = "golden.json";
    private const string WeightFile = "model.safetensors", OnnxFile = "model.onnx";
    private const float UsualTolerance = 1e-3f;

    /// <summary>Reads a model and checks that it still gives its golden answer, which a folder with model.onnx need not have.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="onnx">Opens model.onnx; without it a folder that has one instead of weights is refused.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the answer is not the golden one.</exception>
    public static LoadedModel Load(string path, NetworkReader? onnx = null)
    {
        LoadedModel loaded = LoadUnchecked(path, onnx);
        string golden = Path.Combine(path, GoldenFile);
        try
        {
            if (loaded.Model.Network is not NativeNetwork && !File.Exists(golden)) return loaded;
            loaded = loaded with { Golden = Read(path, GoldenFile, ModelJson.Files.GoldenAnswer) };
            CheckGolden(loaded.Golden, loaded.Model, golden);
            return loaded;
        }
        catch
        {
            loaded.Model.Dispose();
            throw;
        }
    }

    /// <summary>Writes a model and its golden answer to this text. Existing files are replaced one by one, each as a whole.</summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="model">The model, computed by this engine.</param>
    /// <param name="goldenInput">The text whose answer is kept.</param>
    /// <param name="type">Element type of the weights; the golden answer is that of the weights as written.</param>
    public static void Save(string path, TextModel model, string goldenInput, TensorType type = TensorType.F32)
    {
        WriteDescription(path, model);
        SafeTensorsFile.Write(
            Path.Combine(path, WeightFile),
            model.Parameters.All.Select(parameter => new TensorData(parameter.Name, parameter.Shape, parameter.Values.ToArray())),
            new Dictionary<string, string> { ["format"] = "pt" },
            type);
        File.Delete(Path.Combine(path, OnnxFile));
        // An input of a product that is half-way between two of 7 bits goes either way on another processor.
        WriteGolden(path, LoadUnchecked(path, onnx: null).Model, goldenInput, type == TensorType.I8 ? 0.02f : UsualTolerance);
    }

    /// <summary>Writes the folder of a model that is computed from an ONNX file, a copy of the file included.</summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="model">The model as opened from the file.</param>
    /// <param name="goldenInput">The text whose answer is kept.</param>
    /// <param name="onnxFile">The file.</param>
    public static void SaveOnnx(string path, TextModel model, string goldenInput, string onnxFile)
    {
        WriteDescription(path, model);
        string full = Path.Combine(path, OnnxFile), temporary = full + ".tmp";
        File.Copy(onnxFile, temporary, overwrite: true);
        File.Move(temporary, full, overwrite: true);
        File.Delete(Path.Combine(path, WeightFile));
        WriteGolden(path, model, goldenInput, UsualTolerance);
    }

    /// <summary>Replaces the configuration alone, such as to add measured scores. The sizes must stay.</summary>
    public static void SaveConfig(string path, ModelConfig config) => Write(path, ConfigFile, config, ModelJson.Files.ModelConfig);

    private static LoadedModel LoadUnchecked(string path, NetworkReader? onnx)
    {
        if (!Directory.Exists(path)) throw new ModelFolderException($"{path}: no such folder");
        ModelConfig config = Blame(Path.Combine(path, ConfigFile), () =>
        {
            ModelConfig read = Read(path, ConfigFile, ModelJson.Files.ModelConfig);
            read.Validate();
            return read;
        });
        VocabularyContent content = Read(path, VocabularyFile, ModelJson.Files.VocabularyContent);
        ModelVocabulary vocabulary = Blame(Path.Combine(path, VocabularyFile), () =>
        {
            ModelVocabulary read = content.ToVocabulary();
            TextModel.CheckVocabulary(config, read);
            return read;
        });
        try
        {
            string file = Path.Combine(path, WeightFile), onnxFile = Path.Combine(path, OnnxFile);
            bool isOnnx = File.Exists(onnxFile);
            if (isOnnx && File.Exists(file)) throw new ModelFolderException($"{path}: holds {WeightFile} and {OnnxFile}; one of them wanted");
            if (isOnnx && onnx is null) throw new ModelFolderException($"{onnxFile}: needs ONNX Runtime; {WeightFile} wanted");
            if (isOnnx) file = onnxFile;
            if (!File.Exists(file)) throw new ModelFolderException($"{file}: missing");

            TextModel model = isOnnx
                ? TextModel.OfChecked(config, vocabulary, onnx!(file, config, vocabulary))
                : ReadWeights(file, config, vocabulary);
            using FileStream stream = File.OpenRead(file);
            return new LoadedModel(
                Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))), model, model.Network.ParameterCount,
                stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)), file);
        }
        catch (Exception error) when (error is ArgumentException or WeightFormatException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException($"{path}: {error.Message}", error);
        }
    }

    private static TextModel ReadWeights(string path, ModelConfig config, ModelVocabulary vocabulary)
    {
        SafeTensorsFile file = SafeTensorsFile.Open(path);
        var parameters = Parameters.From((name, shape) => file.Floats(name, shape), typeOf: file.TypeOf);
        TextModel model = TextModel.OfChecked(config, vocabulary, TextModel.NativeNetworkOf(config, vocabulary, parameters));
        IEnumerable<string> wanted = parameters.All.Select(parameter => parameter.Name);
        IEnumerable<string> scales = parameters.All.Where(parameter => parameter.Type == TensorType.I8)
            .Select(parameter => SafeTensorsFile.ScaleOf(parameter.Name));
        return file.Names.Except(wanted.Concat(scales)).FirstOrDefault() is { } extra
            ? throw new ModelFolderException($"{path}: holds {extra}, which the configuration has no place for")
            : model;
    }

    private static void WriteDescription(string path, TextModel model)
    {
        Directory.CreateDirectory(path);
        Write(path, ConfigFile, model.Config, ModelJson.Files.ModelConfig);
        Write(path, VocabularyFile, VocabularyContent.Of(model.Vocabulary), ModelJson.Files.VocabularyContent);
    }

    private static void WriteGolden(string path, TextModel model, string input, float tolerance)
    {
        ModelAnswer answer = model.Answer(input);
        Write(path, GoldenFile, new GoldenAnswer(input, answer.Labels, answer.Scores, tolerance), ModelJson.Files.GoldenAnswer);
    }

    /// <summary>Says where what is refused comes from.</summary>
    private static T Blame<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is ArgumentException or NetworkException)
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
