using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>
/// Reads and writes model folders: config.json, vocab.json, model.safetensors or model.onnx, golden.json. See docs/model-format.md.
/// </summary>
public static class ModelFolder
{
    private const string ConfigFile = "config.json", VocabularyFile = "vocab.json", GoldenFile = "golden.json";
    private const string WeightFile = "model.safetensors", OnnxFile = "model.onnx";
    private const float UsualTolerance = 1e-3f, MostTolerance = 1;
    private const int MostAttempts = 20;

    // What nobody needs more of: a vocabulary of millions of words, an answer to the longest golden text.
    private const int MostConfigBytes = 4 << 20, MostVocabularyBytes = 64 << 20, MostGoldenBytes = 16 << 20;

    private static readonly string[] SummedFiles = [ConfigFile, VocabularyFile, WeightFile, OnnxFile, GoldenFile];

    private static readonly string[] AllFiles = [.. SummedFiles, Checksums.File];

    /// <summary>Most characters of a golden text: its answer is computed whenever the folder is loaded.</summary>
    public const int LongestGoldenInput = 20_000;

    /// <summary>
    /// Reads a model and checks that it still gives its golden answer, which a folder with model.onnx need not have. A folder that is saved
    /// anew meanwhile is read anew.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="onnx">Opens model.onnx; without it a folder that has one instead of weights is refused.</param>
    /// <param name="stop">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the answer is not the golden one.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static LoadedModel Load(string path, NetworkReader? onnx = null, CancellationToken stop = default)
    {
        try
        {
            FolderExchange.Complete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Where nothing may be written, the files are read from where the save left them.
        }

        try
        {
            return LoadWhole(path, onnx, stop);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(error.Message, error);
        }
    }

    /// <summary>Reads a model of one kind, as <see cref="Load(string,NetworkReader,CancellationToken)"/>.</summary>
    /// <typeparam name="TModel"><see cref="Classifier"/>, <see cref="Tagger"/> or <see cref="LanguageModel"/>.</typeparam>
    /// <inheritdoc cref="Load(string,NetworkReader,CancellationToken)" path="/param|/exception"/>
    public static TModel Load<TModel>(string path, NetworkReader? onnx = null, CancellationToken stop = default)
        where TModel : TextModel
    {
        LoadedModel loaded = Load(path, onnx, stop);
        if (loaded.Model is TModel model) return model;
        loaded.Dispose();
        string found = NameOf(loaded.Model.GetType().Name), expected = NameOf(typeof(TModel).Name);
        throw new ModelFolderException($"{Path.Combine(path, ConfigFile)}: task is {found}; expected {expected}");

        static string NameOf(string type) => JsonNamingPolicy.SnakeCaseLower.ConvertName(type);
    }

    /// <summary>
    /// Writes a model and its golden answer to this text. The files of the folder are replaced together, or, when one cannot be written or
    /// the process is killed, not at all; whatever else the folder holds stays.
    /// </summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="model">The model, computed by this engine.</param>
    /// <param name="goldenInput">The text whose answer is kept.</param>
    /// <param name="type">Element type of the weights; the golden answer is that of the weights as written.</param>
    /// <param name="metrics">Measured scores to keep in the configuration; null keeps the model's own.</param>
    /// <exception cref="ModelFolderException">A weight, a score or the answer is not a finite number.</exception>
    /// <exception cref="IOException">A file cannot be written; the message names it.</exception>
    public static void Save(
        string path, TextModel model, string goldenInput, TensorType type = TensorType.F32, IReadOnlyDictionary<string, double>? metrics = null)
    {
        FolderExchange.Fill(path, [OnnxFile], staged =>
        {
            WriteDescription(staged, model, path, metrics);
            SafeTensorsFile.Write(
                Path.Combine(staged, WeightFile),
                model.Parameters.All.Select(parameter => new TensorData(parameter.Name, parameter.Shape, parameter.Values.ToArray())),
                new Dictionary<string, string> { ["format"] = "pt" },
                type);
            using TextModel written = LoadUnchecked(staged, onnx: null, sums: null, CancellationToken.None).Model;
            CheckWeights(written.Parameters, Path.Combine(path, WeightFile));
            // An input of a product that is half-way between two of 7 bits goes either way on another processor.
            WriteGolden(staged, written, goldenInput, type == TensorType.I8 ? 0.02f : UsualTolerance, path);
            Checksums.Write(staged, [ConfigFile, VocabularyFile, WeightFile, GoldenFile]);
        });
    }

    /// <summary>Writes the folder of a model that is computed from an ONNX file, a copy of the file included, as a whole.</summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="model">The model as opened from the file.</param>
    /// <param name="goldenInput">The text whose answer is kept.</param>
    /// <param name="onnxFile">The file.</param>
    /// <exception cref="ModelFolderException">The answer is not made of finite numbers.</exception>
    /// <exception cref="IOException">A file cannot be read or written; the message names it.</exception>
    public static void SaveOnnx(string path, TextModel model, string goldenInput, string onnxFile)
    {
        FolderExchange.Fill(path, [WeightFile], staged =>
        {
            WriteDescription(staged, model, path);
            using FileStream source = RegularFile.Open(onnxFile, int.MaxValue);
            WholeFile.Write(Path.Combine(staged, OnnxFile), source.CopyTo);
            WriteGolden(staged, model, goldenInput, UsualTolerance, path);
            Checksums.Write(staged, [ConfigFile, VocabularyFile, OnnxFile, GoldenFile]);
        });
    }

    /// <summary>Replaces the configuration alone, such as to add measured scores. The sizes must stay.</summary>
    /// <exception cref="ModelFolderException">A score is not a finite number.</exception>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static void SaveConfig(string path, ModelConfig config)
    {
        FolderExchange.Fill(path, [], staged =>
        {
            WriteConfig(staged, config, path);
            Checksums sums = Checksums.Read(path, SummedFiles);
            if (!sums.IsMissing) sums.WriteWith(ConfigFile, Checksums.Hash(File.ReadAllBytes(Path.Combine(staged, ConfigFile))), staged);
        });
    }

    /// <summary>The content of one of a folder's small files, such as its card.</summary>
    /// <exception cref="IOException">It is missing, no regular file or absurdly large; the message says which.</exception>
    /// <exception cref="UnauthorizedAccessException">Its permissions forbid reading.</exception>
    public static byte[] ReadFile(string path, string name) => RegularFile.ReadAllBytes(FolderExchange.Locate(path, name), MostVocabularyBytes);

    /// <summary>Whether a folder holds a model, or the beginnings of one.</summary>
    internal static bool IsOne(string path) => File.Exists(FolderExchange.Locate(path, ConfigFile));

    private static LoadedModel LoadWhole(string path, NetworkReader? onnx, CancellationToken stop)
    {
        for (int attempt = 1; ; attempt++)
        {
            stop.ThrowIfCancellationRequested();
            string before = Stamp(path);
            try
            {
                LoadedModel loaded = LoadOnce(path, onnx, stop);
                if (attempt == MostAttempts || Stamp(path) == before) return loaded;
                loaded.Model.Dispose();
            }
            catch (ModelFolderException) when (attempt < MostAttempts && Stamp(path) != before)
            {
            }
        }
    }

    private static LoadedModel LoadOnce(string path, NetworkReader? onnx, CancellationToken stop)
    {
        Checksums sums = Checksums.Read(path, SummedFiles);
        LoadedModel loaded = LoadUnchecked(path, onnx, sums, stop);
        string golden = FolderExchange.Locate(path, GoldenFile);
        try
        {
            if (loaded.Model.Network is not NativeNetwork && !File.Exists(golden)) return loaded;
            (GoldenAnswer answer, string hash) = Read(path, GoldenFile, ModelJson.Files.GoldenAnswer, MostGoldenBytes);
            CheckGolden(answer, loaded.Model, golden, stop);
            sums.Check(golden, hash);
            return loaded with { Golden = answer };
        }
        catch
        {
            loaded.Model.Dispose();
            throw;
        }
    }

    /// <summary>What changes when the folder is saved anew.</summary>
    private static string Stamp(string path) => string.Join(
        ' ',
        AllFiles.Select(name => new FileInfo(FolderExchange.Locate(path, name)))
            .Select(file => file.Exists ? $"{file} {file.LastWriteTimeUtc.Ticks} {file.Length}" : ""));

    /// <param name="path">The folder.</param>
    /// <param name="onnx">Opens model.onnx.</param>
    /// <param name="sums">What the files must hash to; null while the folder is being written.</param>
    /// <param name="stop">Ends it.</param>
    private static LoadedModel LoadUnchecked(string path, NetworkReader? onnx, Checksums? sums, CancellationToken stop)
    {
        if (!Directory.Exists(path)) throw new ModelFolderException($"{path}: no such folder");
        if (!File.Exists(FolderExchange.Locate(path, ConfigFile)) && File.Exists(Path.Combine(path, "training", "checkpoint.safetensors")))
        {
            throw new ModelFolderException(
                $"{path}: holds a training that was stopped before its first evaluation and no model yet; going on with that training makes one");
        }

        (ModelConfig config, string configHash) = Read(path, ConfigFile, ModelJson.Files.ModelConfig, MostConfigBytes);
        Blame(Path.Combine(path, ConfigFile), () =>
        {
            config.Validate();
            return config;
        });
        stop.ThrowIfCancellationRequested();
        (VocabularyContent content, string vocabularyHash) =
            Read(path, VocabularyFile, ModelJson.Files.VocabularyContent, MostVocabularyBytes);
        ModelVocabulary vocabulary = Blame(Path.Combine(path, VocabularyFile), () =>
        {
            ModelVocabulary read = content.ToVocabulary();
            TextModel.CheckVocabulary(config, read);
            return read;
        });
        stop.ThrowIfCancellationRequested();
        try
        {
            string file = FolderExchange.Locate(path, WeightFile), onnxFile = FolderExchange.Locate(path, OnnxFile);
            bool isOnnx = File.Exists(onnxFile);
            if (isOnnx && File.Exists(file)) throw new ModelFolderException($"{path}: holds {WeightFile} and {OnnxFile}; expected one of them");
            if (isOnnx && onnx is null) throw new ModelFolderException(
                $"{onnxFile}: needs ONNX Runtime; expected {WeightFile}, or a call that brings ONNX Runtime along (OnnxModels.Load)");
            if (isOnnx) file = onnxFile;
            if (!File.Exists(file)) throw new ModelFolderException($"{file}: missing");

            // The file's own reader says best what is wrong in it; a graph is run to be opened, so it must be the right one first.
            TextModel? model = isOnnx ? null : ReadWeights(file, config, vocabulary, stop);
            using FileStream stream = RegularFile.Open(file, SafeTensorsFile.Largest);
            string hash = Checksums.Hash(stream, stop);
            sums?.Check(FolderExchange.Locate(path, VocabularyFile), vocabularyHash);
            sums?.Check(file, hash);
            model ??= TextModel.OfChecked(config, vocabulary, onnx!(file, config, vocabulary, stop));
            return new LoadedModel(
                Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))), model, model.Network.ParameterCount,
                stream.Length, hash, file)
            {
                Notes = [.. NotesOf(sums, configHash)],
            };
        }
        catch (Exception error) when (error is ArgumentException or WeightFormatException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException($"{path}: {error.Message}", error);
        }
    }

    private static IEnumerable<string> NotesOf(Checksums? sums, string configHash)
    {
        if (sums is { IsMissing: true })
        {
            yield return $"{Checksums.File} is missing, so a damaged file is not seen; expected the lines of sha256sum for "
                + $"{ConfigFile}, {VocabularyFile}, {GoldenFile} and the weights, which whatever saves the model writes";
        }
        else if (sums?.Match(ConfigFile, configHash) == false)
        {
            yield return $"{ConfigFile} was changed after the model was saved ({Checksums.File} has another hash)";
        }
    }

    private static TextModel ReadWeights(string path, ModelConfig config, ModelVocabulary vocabulary, CancellationToken stop)
    {
        SafeTensorsFile file = SafeTensorsFile.Open(path, stop);
        var parameters = Parameters.From((name, shape) => file.Floats(name, shape), typeOf: file.TypeOf);
        TextModel model = TextModel.OfChecked(config, vocabulary, TextModel.NativeNetworkOf(config, vocabulary, parameters));
        IEnumerable<string> wanted = parameters.All.Select(parameter => parameter.Name);
        IEnumerable<string> scales = parameters.All.Where(parameter => parameter.Type == TensorType.I8)
            .Select(parameter => SafeTensorsFile.ScaleOf(parameter.Name));
        return file.Names.Except(wanted.Concat(scales)).FirstOrDefault() is { } extra
            ? throw new ModelFolderException($"{path}: holds {extra}, which the configuration has no place for")
            : model;
    }

    private static void WriteDescription(
        string folder, TextModel model, string path, IReadOnlyDictionary<string, double>? metrics = null)
    {
        WriteConfig(folder, metrics is null ? model.Config : model.Config with { Metrics = metrics }, path);
        Write(folder, VocabularyFile, VocabularyContent.Of(model.Vocabulary), ModelJson.Files.VocabularyContent);
    }

    /// <param name="folder">Where it is written.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="path">The model folder, for messages.</param>
    private static void WriteConfig(string folder, ModelConfig config, string path)
    {
        foreach (var (name, value) in config.Metrics)
        {
            if (!double.IsFinite(value)) throw NotFinite(Path.Combine(path, ConfigFile), $"metrics.{name}", value);
        }

        Write(folder, ConfigFile, config, ModelJson.Files.ModelConfig);
    }

    private static void WriteGolden(string folder, TextModel model, string input, float tolerance, string path)
    {
        if (input.Length > LongestGoldenInput)
            throw new ModelFolderException($"{Path.Combine(path, GoldenFile)}: {TooLong(input)}. Nothing was written.");
        ModelAnswer answer = model.Answer(input);
        foreach (float score in answer.Scores)
        {
            if (!float.IsFinite(score)) throw NotFinite(Path.Combine(path, GoldenFile), "a score of the golden text", score);
        }

        Write(folder, GoldenFile, new GoldenAnswer(input, answer.Labels, answer.Scores, tolerance), ModelJson.Files.GoldenAnswer);
    }

    private static void CheckWeights(Parameters parameters, string path)
    {
        if (parameters.FirstNotFinite() is var (name, value)) throw NotFinite(path, name, value);
    }

    private static ModelFolderException NotFinite(string file, string what, double value) => new(
        FormattableString.Invariant($"{file}: {what} is {value}; expected a finite number. Nothing was written."));

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

    private static string TooLong(string input) =>
        $"the golden text has {input.Length} characters; expected at most {LongestGoldenInput}, since its answer is computed at every load";

    private static void CheckGolden(GoldenAnswer golden, TextModel model, string file, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        if (golden.Input.Length > LongestGoldenInput) throw new ModelFolderException($"{file}: {TooLong(golden.Input)}");
        if (!(golden.Tolerance is >= 0 and <= MostTolerance))
        {
            throw new ModelFolderException(
                FormattableString.Invariant($"{file}: tolerance is {golden.Tolerance}; expected 0 to {MostTolerance}"));
        }

        ModelAnswer answer = Blame($"{file}: input", () => model.Answer(golden.Input));
        if (!answer.Labels.SequenceEqual(golden.Labels))
        {
            throw new ModelFolderException(
                $"{file}: the model answers {Listing.Of(answer.Labels)}; expected {Listing.Of(golden.Labels)}");
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

    /// <summary>What a file says, and its hash.</summary>
    private static (T Value, string Hash) Read<T>(string path, string file, JsonTypeInfo<T> type, int most)
    {
        string full = FolderExchange.Locate(path, file);
        try
        {
            byte[] bytes = RegularFile.ReadAllBytes(full, most);
            ReadOnlySpan<byte> text = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes;
            T value = JsonSerializer.Deserialize(text, type) ?? throw new ModelFolderException($"{full}: null found, an object wanted");
            return (value, Checksums.Hash(bytes));
        }
        catch (JsonException error)
        {
            throw new ModelFolderException(
                $"{full}{(error.LineNumber is { } line ? $", line {line + 1}" : "")}: {Reason(error)}; expected the JSON that docs/model-format.md describes", error);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFolderException($"{full}: missing", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(error.Message.StartsWith(full, StringComparison.Ordinal) ? error.Message : $"{full}: {error.Message}", error);
        }
    }

    /// <summary>What the reader says, without its own coordinates and the names of its types.</summary>
    private static string Reason(JsonException error)
    {
        string field = error.Path is { Length: > 2 } path ? path[2..] : "the file";
        if (error.Message.Contains("could not be converted", StringComparison.Ordinal)) return $"{field} is of another kind than expected";
        if (error.Message.Contains("could not be mapped", StringComparison.Ordinal)) return $"{field} is an unknown field";
        if (error.Message.StartsWith("The constructor parameter", StringComparison.Ordinal)) return $"{field} is null";
        int end = error.Message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? error.Message.TrimEnd('.') : error.Message[..end];
    }

    private static void Write<T>(string path, string file, T value, JsonTypeInfo<T> type) =>
        WholeFile.Write(Path.Combine(path, file), JsonSerializer.Serialize(value, type) + "\n");
}
