using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.AspNetCore.Models;

/// <summary>Names of tasks.</summary>
internal static class ModelTasks
{
    private static readonly Dictionary<ModelTask, string> Names =
        Enum.GetValues<ModelTask>().ToDictionary(task => task, task => SnakeCase.Of(task));

    /// <summary><c>language_model</c>, <c>classifier</c>, <c>tagger</c> and the like.</summary>
    public static string NameOf(ModelTask task) => Names[task];
}

/// <summary>What a model does and reads: requests that name no model are for the only one of their kind.</summary>
/// <param name="Task">What it does.</param>
/// <param name="ReadsNumbers">Whether it reads numbers, and not texts.</param>
internal readonly record struct ModelKind(ModelTask Task, bool ReadsNumbers)
{
    /// <summary>All there may be.</summary>
    public static IReadOnlyList<ModelKind> All { get; } =
        [.. Enum.GetValues<ModelTask>().SelectMany(task => new ModelKind[] { new(task, false), new(task, true) })];

    /// <summary>The usual kind of a task: what can read texts does.</summary>
    public static implicit operator ModelKind(ModelTask task) =>
        new(task, task is ModelTask.Regressor or ModelTask.Forecaster or ModelTask.Transcriber);

    public static ModelKind Of(ModelConfig config) => new(config.Task, config.Numbers is not null);

    public static ModelKind Of<T>() where T : IServedTask => new(T.Task, T.ReadsNumbers);

    /// <summary>Its name in messages; what texts are read for goes without saying.</summary>
    public override string ToString() => ModelTasks.NameOf(Task) + (ReadsNumbers && Task is (ModelTask.Classifier or ModelTask.Tagger) ? " of numbers" : "");
}
