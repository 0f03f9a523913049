namespace RnnService.Training.Comparison.Tasks;

/// <summary>The tasks of a comparison, each once, so that figures can share runs and corpora are read once.</summary>
/// <param name="scale">How large everything is.</param>
/// <param name="data">The folder of the corpora.</param>
internal sealed class ComparedTasks(ComparisonScale scale, string data)
{
    public IReadOnlyList<AddingTask> Adding { get; } = [.. scale.Lengths.Select(length => new AddingTask(length, scale))];

    public IReadOnlyList<CopyingTask> Copying { get; } = [.. scale.Delays.Select(delay => new CopyingTask(delay, scale))];

    public ReviewTask Reviews { get; } = new(scale, data);

    public TagTask Tags { get; } = new(scale, data);

    public ShakespeareTask Shakespeare { get; } = new(scale, data);

    public MadeTextTask Made { get; } = new(scale);

    public TranslationTask Translation { get; } = new(scale, data);
}
