using RnnService.Engine.Kernels;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>Reads the files of a model folder, one after the other, each checked against the others.</summary>
internal static class ModelFolderReader
{
    private const int MostAttempts = 20;

    /// <summary>Reads a model as one save wrote it: a folder that is saved anew meanwhile is read anew.</summary>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the answer is not the golden one.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permissions forbid it.</exception>
    public static LoadedModel Load(string path, NetworkReader? onnx, CancellationToken stop)
    {
        for (int attempt = 1; ; attempt++)
        {
            stop.ThrowIfCancellationRequested();
            FolderStamp before = FolderStamp.Of(path);
            try
            {
                LoadedModel loaded = LoadOnce(path, onnx, stop);
                if (attempt == MostAttempts || FolderStamp.Of(path) == before) return loaded;
                loaded.Model.Dispose();
            }
            catch (ModelFolderException) when (attempt < MostAttempts && FolderStamp.Of(path) != before)
            {
            }
        }
    }

    private static LoadedModel LoadOnce(string path, NetworkReader? onnx, CancellationToken stop)
    {
        Checksums sums = Checksums.Read(path, FolderFiles.Summed);
        LoadedModel loaded = LoadUnchecked(path, onnx, sums, stop);
        string golden = FolderExchange.Locate(path, FolderFiles.Golden);
        try
        {
            if (loaded.Model.Network is not NativeNetwork && !File.Exists(golden)) return loaded;
            (GoldenAnswer answer, string hash) = FolderJson.Read(path, FolderFiles.Golden, ModelJson.Files.GoldenAnswer, FolderFiles.MostGoldenBytes);
            answer.Check(loaded.Model, golden, stop);
            sums.Check(golden, hash);
            return loaded with { Golden = answer };
        }
        catch
        {
            loaded.Model.Dispose();
            throw;
        }
    }

    /// <param name="path">The folder.</param>
    /// <param name="onnx">Opens model.onnx.</param>
    /// <param name="sums">What the files must hash to; null while the folder is being written.</param>
    /// <param name="stop">Ends it.</param>
    public static LoadedModel LoadUnchecked(string path, NetworkReader? onnx, Checksums? sums, CancellationToken stop)
    {
        if (!Directory.Exists(path)) throw new ModelFolderException($"{path}: no such folder");
        if (!File.Exists(FolderExchange.Locate(path, FolderFiles.Config)) && File.Exists(Path.Combine(path, "training", "checkpoint.safetensors")))
        {
            throw new ModelFolderException(
                $"{path}: holds a training that was stopped before its first evaluation and no model yet; going on with that training makes one");
        }

        (ModelConfig config, string configHash) = FolderJson.Read(path, FolderFiles.Config, ModelJson.Files.ModelConfig, FolderFiles.MostConfigBytes);
        WithPath(Path.Combine(path, FolderFiles.Config), () =>
        {
            config.Validate();
            return config;
        });
        stop.ThrowIfCancellationRequested();
        (ModelVocabulary? vocabulary, string? vocabularyHash) = config.Numbers is null ? ReadVocabulary(path, config) : (null, null);
        stop.ThrowIfCancellationRequested();
        try
        {
            string file = FolderExchange.Locate(path, FolderFiles.Weights), onnxFile = FolderExchange.Locate(path, FolderFiles.Onnx);
            bool isOnnx = File.Exists(onnxFile);
            if (isOnnx && File.Exists(file)) throw new ModelFolderException($"{path}: holds {FolderFiles.Weights} and {FolderFiles.Onnx}; expected one of them");
            if (isOnnx && onnx is null) throw new ModelFolderException(
                $"{onnxFile}: needs ONNX Runtime; expected {FolderFiles.Weights}, or a call that brings ONNX Runtime along (OnnxModels.Load)");
            if (isOnnx) file = onnxFile;
            if (!File.Exists(file)) throw new ModelFolderException($"{file}: missing");

            // The file's own reader says best what is wrong in it; a graph is run to be opened, so it must be the right one first.
            Model? model = isOnnx ? null : ReadWeights(file, config, vocabulary, stop);
            using FileStream stream = RegularFile.Open(file, SafeTensorsFile.Largest);
            string hash = Checksums.Hash(stream, stop);
            if (vocabularyHash is not null) sums?.Check(FolderExchange.Locate(path, FolderFiles.Vocabulary), vocabularyHash);
            sums?.Check(file, hash);
            model ??= Model.OfChecked(config, vocabulary, onnx!(file, config, vocabulary, stop));
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
                + $"{FolderFiles.Config}, {FolderFiles.Vocabulary}, {FolderFiles.Golden} and the weights, which whatever saves the model writes";
        }
        else if (sums?.Match(FolderFiles.Config, configHash) == false)
        {
            yield return $"{FolderFiles.Config} was changed after the model was saved ({Checksums.File} has another hash)";
        }
    }

    private static (ModelVocabulary Vocabulary, string Hash) ReadVocabulary(string path, ModelConfig config)
    {
        (VocabularyContent content, string hash) =
            FolderJson.Read(path, FolderFiles.Vocabulary, ModelJson.Files.VocabularyContent, FolderFiles.MostVocabularyBytes);
        return (WithPath(Path.Combine(path, FolderFiles.Vocabulary), () =>
        {
            ModelVocabulary read = content.ToVocabulary();
            TextModel.CheckVocabulary(config, read);
            return read;
        }), hash);
    }

    private static Model ReadWeights(string path, ModelConfig config, ModelVocabulary? vocabulary, CancellationToken stop)
    {
        SafeTensorsFile file = SafeTensorsFile.Open(path, stop);
        var parameters = Parameters.From((name, shape) => file.Floats(name, shape), typeOf: file.TypeOf);
        Model model = Model.OfChecked(config, vocabulary, NativeNetworks.Create(config, vocabulary, parameters));
        parameters.Close();
        IEnumerable<string> expected = parameters.All.Select(parameter => parameter.Name);
        IEnumerable<string> scales = parameters.All.Where(parameter => parameter.Type == ElementType.I8)
            .Select(parameter => SafeTensorsFile.ScaleOf(parameter.Name));
        return file.Names.Except(expected.Concat(scales)).FirstOrDefault() is { } extra
            ? throw new ModelFolderException($"{path}: holds {extra}, which the configuration has no place for")
            : model;
    }

    /// <summary>What a reader gives, or where what it refuses stands.</summary>
    public static T WithPath<T>(string place, Func<T> read)
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
}
