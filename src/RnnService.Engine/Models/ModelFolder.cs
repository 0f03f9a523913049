using RnnService.Engine.Kernels;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>
/// Reads and writes model folders: config.json, vocab.json, model.safetensors or model.onnx, golden.json. See docs/model-format.md.
/// </summary>
public static class ModelFolder
{
    private const float UsualTolerance = 1e-3f;

    /// <summary>
    /// Reads a model and checks that it still gives its golden answer, which a folder with model.onnx need not have. A folder that is saved
    /// anew meanwhile is read anew.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="onnx">Opens model.onnx; without it a folder that has one instead of weights is refused.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the answer is not the golden one.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static LoadedModel Load(string path, NetworkReader? onnx = null, CancellationToken cancellationToken = default)
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
            return ModelFolderReader.Load(path, onnx, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFolderException(error.Message, error);
        }
    }

    /// <summary>Reads a model of one kind, as <see cref="Load(string,NetworkReader,CancellationToken)"/>.</summary>
    /// <typeparam name="TModel">The kind, such as <see cref="Classifier"/> or <see cref="LanguageModel"/>.</typeparam>
    /// <inheritdoc cref="Load(string,NetworkReader,CancellationToken)" path="/param|/exception"/>
    public static TModel Load<TModel>(string path, NetworkReader? onnx = null, CancellationToken cancellationToken = default)
        where TModel : Model
    {
        LoadedModel loaded = Load(path, onnx, cancellationToken);
        if (loaded.Model is TModel model) return model;
        loaded.Dispose();
        string found = SnakeCase.Of(loaded.Model.GetType().Name), expected = SnakeCase.Of(typeof(TModel).Name);
        throw new ModelFolderException($"{Path.Combine(path, FolderFiles.Config)}: task is {found}; expected {expected}");
    }

    /// <summary>
    /// Writes a model and its golden answer to this text. The files of the folder are replaced together, or, when one cannot be written or
    /// the process is killed, not at all; whatever else the folder holds stays.
    /// </summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="model">The model, computed by this engine.</param>
    /// <param name="goldenInput">The input whose answer is kept, as <see cref="Model.Answer"/> takes it.</param>
    /// <param name="type">Element type of the weights; the golden answer is that of the weights as written.</param>
    /// <param name="metrics">Measured scores to keep in the configuration; null keeps the model's own.</param>
    /// <exception cref="ModelFolderException">A weight, a score or the answer is not a finite number.</exception>
    /// <exception cref="IOException">A file cannot be written; the message names it.</exception>
    public static void Save(
        string path, Model model, string goldenInput, ElementType type = ElementType.F32, IReadOnlyDictionary<string, double>? metrics = null)
    {
        FolderExchange.Fill(path, [FolderFiles.Onnx, FolderFiles.Vocabulary], staged =>
        {
            ModelFolderWriter.WriteDescription(staged, model, path, metrics);
            SafeTensorsWriter.Write(
                Path.Combine(staged, FolderFiles.Weights),
                model.Parameters.All.Select(parameter => new TensorData(parameter.Name, parameter.Shape, parameter.Values.ToArray()) { IsExact = parameter.IsExact }),
                new Dictionary<string, string> { ["format"] = "pt" },
                type);
            using Model written = ModelFolderReader.LoadUnchecked(staged, onnx: null, sums: null, CancellationToken.None).Model;
            ModelFolderWriter.ThrowIfNotFinite(written.Parameters, Path.Combine(path, FolderFiles.Weights));
            // An input of a product that is half-way between two of 7 bits goes either way on another processor.
            ModelFolderWriter.WriteGolden(staged, written, goldenInput, type == ElementType.I8 ? 0.02f : UsualTolerance, path);
            Checksums.Write(staged, FolderFiles.Summed);
        });
    }

    /// <summary>Writes the folder of a model that is computed from an ONNX file, a copy of the file included, as a whole.</summary>
    /// <param name="path">The folder; made when missing.</param>
    /// <param name="model">The model as opened from the file.</param>
    /// <param name="goldenInput">The input whose answer is kept, as <see cref="Model.Answer"/> takes it.</param>
    /// <param name="onnxFile">The file.</param>
    /// <exception cref="ModelFolderException">The answer is not made of finite numbers.</exception>
    /// <exception cref="IOException">A file cannot be read or written; the message names it.</exception>
    public static void SaveOnnx(string path, Model model, string goldenInput, string onnxFile)
    {
        FolderExchange.Fill(path, [FolderFiles.Weights, FolderFiles.Vocabulary], staged =>
        {
            ModelFolderWriter.WriteDescription(staged, model, path);
            using FileStream source = RegularFile.Open(onnxFile, int.MaxValue);
            WholeFile.Write(Path.Combine(staged, FolderFiles.Onnx), source.CopyTo);
            ModelFolderWriter.WriteGolden(staged, model, goldenInput, UsualTolerance, path);
            Checksums.Write(staged, FolderFiles.Summed);
        });
    }

    /// <summary>Replaces the configuration alone, such as to add measured scores. The sizes must stay.</summary>
    /// <exception cref="ModelFolderException">A score is not a finite number.</exception>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static void SaveConfig(string path, ModelConfig config)
    {
        FolderExchange.Fill(path, [], staged =>
        {
            ModelFolderWriter.WriteConfig(staged, config, path);
            Checksums sums = Checksums.Read(path, FolderFiles.Summed);
            if (!sums.IsMissing) sums.WriteWith(FolderFiles.Config, Checksums.Hash(File.ReadAllBytes(Path.Combine(staged, FolderFiles.Config))), staged);
        });
    }

    /// <summary>The content of one of a folder's small files, such as its card.</summary>
    /// <exception cref="IOException">It is missing, no regular file or absurdly large; the message says which.</exception>
    /// <exception cref="UnauthorizedAccessException">Its permissions forbid reading.</exception>
    public static byte[] ReadFile(string path, string name) => RegularFile.ReadAllBytes(FolderExchange.Locate(path, name), FolderFiles.MostVocabularyBytes);

    /// <summary>Whether a folder holds a model, or the beginnings of one.</summary>
    internal static bool IsOne(string path) => File.Exists(FolderExchange.Locate(path, FolderFiles.Config));
}
