using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>Writes the files of a model folder into one that takes the old one's place once all are there.</summary>
internal static class ModelFolderWriter
{
    public static void WriteDescription(
        string folder, Model model, string path, IReadOnlyDictionary<string, double>? metrics = null)
    {
        WriteConfig(folder, metrics is null ? model.Config : model.Config with { Metrics = metrics }, path);
        if (model is TextModel { Vocabulary: var vocabulary })
            FolderJson.Write(folder, FolderFiles.Vocabulary, VocabularyContent.Of(vocabulary), ModelJson.Files.VocabularyContent);
    }

    /// <param name="folder">Where it is written.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="path">The model folder, for messages.</param>
    public static void WriteConfig(string folder, ModelConfig config, string path)
    {
        foreach (var (name, value) in config.Metrics)
        {
            if (!double.IsFinite(value)) throw NotFinite(Path.Combine(path, FolderFiles.Config), $"metrics.{name}", value);
        }

        FolderJson.Write(folder, FolderFiles.Config, config, ModelJson.Files.ModelConfig);
    }

    public static void WriteGolden(string folder, Model model, string input, float tolerance, string path)
    {
        if (GoldenAnswer.LengthFault(input) is { } fault)
            throw new ModelFolderException($"{Path.Combine(path, FolderFiles.Golden)}: {fault}. Nothing was written.");
        ModelAnswer answer = model.Answer(input);
        foreach (float score in answer.Scores)
        {
            if (!float.IsFinite(score)) throw NotFinite(Path.Combine(path, FolderFiles.Golden), "a score of the golden text", score);
        }

        FolderJson.Write(folder, FolderFiles.Golden, new GoldenAnswer(input, answer.Labels, answer.Scores, tolerance), ModelJson.Files.GoldenAnswer);
    }

    public static void ThrowIfNotFinite(Parameters parameters, string path)
    {
        if (parameters.FirstNotFinite() is var (name, value)) throw NotFinite(path, name, value);
    }

    private static ModelFolderException NotFinite(string file, string what, double value) => new(
        FormattableString.Invariant($"{file}: {what} is {value}; expected a finite number. Nothing was written."));
}
