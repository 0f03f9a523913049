namespace RnnService.Training.Comparison.Tasks;

/// <summary>The tasks of a comparison, each once, so that figures can share runs and corpora are read once.</summary>
/// <param name="scale">How large everything is.</param>
/// <param name="data">The folder of the corpora.</param>
/// <param name="models">The folder of the shipped models.</param>
internal sealed class ComparedTasks(ComparisonScale scale, string data, string models)
{
    public IReadOnlyList<AddingTask> Adding { get; } = [.. scale.Lengths.Select(length => new AddingTask(length, scale))];

    public IReadOnlyList<CopyingTask> Copying { get; } = [.. scale.Delays.Select(delay => new CopyingTask(delay, scale))];

    public ReviewTask Reviews { get; } = new(scale, data);

    public TagTask Tags { get; } = new(scale, data);

    public ShakespeareTask Shakespeare { get; } = new(scale, data);

    public MadeTextTask Made { get; } = new(scale);

    public IReadOnlyList<FewTask> Few { get; } =
    [
        new BankingTask(scale, data, models, scale.FewExamples), new BankingTask(scale, data, models, null), new IntentTask(scale, data, models, scale.FewExamples),
        new LongReviewTask(scale, data, models, 10 * scale.FewExamples),
    ];

    public TranslationTask Translation { get; } = new(scale, data);
}
