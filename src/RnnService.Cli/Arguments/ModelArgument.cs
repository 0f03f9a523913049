using System.CommandLine;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Runtime;
using RnnService.Training.Cards;

namespace RnnService.Cli.Arguments;

/// <summary>The argument that names a model: a folder, or the name of one under <c>models</c>.</summary>
internal static class ModelArgument
{
    private const string ModelsFolder = "models", ConfigFile = "config.json";

    public static Argument<string> Create() => new("MODEL")
    {
        Description = $"A model folder, or the name of one under {ModelsFolder}/.",
    };

    /// <summary>Reads the model of whatever task; its golden answer is checked. What is to be known about the folder is told.</summary>
    /// <exception cref="CommandException">There is no such folder.</exception>
    /// <exception cref="ModelFolderException">It is broken.</exception>
    public static LoadedModel Load(Terminal terminal, string name)
    {
        string folder = Find(name);
        LoadedModel loaded = ModelFolder.Load(folder, OnnxRuntimeNetwork.Open);
        foreach (string note in loaded.Notes) terminal.Error.WriteLine($"Note: {folder}: {note}.");
        return loaded;
    }

    /// <summary>Reads a model of whatever task to be looked into.</summary>
    /// <inheritdoc cref="Load(Terminal, string)" path="/exception"/>
    public static LoadedModel LoadToInspect(Terminal terminal, string name) => Load(terminal, name) switch
    {
        { Model.CanInspect: true } loaded => loaded,
        { Model: Translator } => throw new CommandException($"{name} is a translator, which shows where it looked and nothing else: rnn translate --attention"),
        _ => throw new CommandException($"{name} is computed by ONNX Runtime, which tells its answers alone; expected a model of native weights: rnn import makes one"),
    };

    /// <summary>Reads a model of one task.</summary>
    /// <exception cref="CommandException">There is no such folder, or the model is of another task.</exception>
    /// <exception cref="ModelFolderException">It is broken.</exception>
    public static T Load<T>(Terminal terminal, string name)
        where T : Model => As<T>(name, Load(terminal, name).Model);

    /// <summary>A model as one of a task.</summary>
    /// <exception cref="CommandException">It is of another.</exception>
    public static T As<T>(string name, Model model)
        where T : Model => model as T ?? throw new CommandException(
            $"{name} is a {KindOf(model.GetType())}; expected a {KindOf(typeof(T))}: rnn {TrainedCard.VerbOf(model.Config.Task)} is for this one");

    /// <summary>The folder of a model.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static string Find(string name)
    {
        string[] candidates = [name, Path.Combine(ModelsFolder, name)];
        return candidates.FirstOrDefault(folder => File.Exists(Path.Combine(folder, ConfigFile)))
            ?? candidates.FirstOrDefault(Directory.Exists)
            ?? throw new CommandException($"no model folder {name}, nor one of that name under {ModelsFolder}/ ({Known()})");
    }

    private static string KindOf(Type model) => SnakeCase.Of(model.Name).Replace('_', ' ');

    private static string Known()
    {
        string[] names = Directory.Exists(ModelsFolder)
            ? [.. Directory.EnumerateFiles(ModelsFolder, ConfigFile, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
                .Select(file => Path.GetFileName(Path.GetDirectoryName(file)!)).Order(StringComparer.Ordinal)]
            : [];
        return names.Length > 0 ? $"there: {string.Join(", ", names)}" : "there is none";
    }
}
