namespace RnnService.Training.Comparison.Tasks;

/// <summary>A training that a figure asks for.</summary>
/// <param name="Task">What is learnt.</param>
/// <param name="Variant">What is compared: the cell, or how it is trained.</param>
/// <param name="Settings">Settings of the recipe that make it this variant.</param>
/// <param name="Seed">The seed of everything drawn.</param>
internal sealed record PlannedRun(ComparedTask Task, string Variant, IReadOnlyList<string> Settings, ulong Seed)
{
    /// <summary>All settings as text, those of the task included: two runs of the same key are the same run.</summary>
    public string Key => string.Join(' ', [Task.Scale.Name, Task.Name, .. Task.SettingsOf(this)]);
}

/// <summary>What a run gave: a line of the file that a comparison keeps.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Variant">What was compared.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Key">See <see cref="PlannedRun.Key"/>.</param>
internal sealed record RunResult(string Task, string Variant, ulong Seed, string Key)
{
    /// <summary>The machine that it was measured on.</summary>
    public string Machine { get; init; } = "";

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Single figures by name; what was not reached is missing.</summary>
    public Dictionary<string, double> Values { get; init; } = [];

    /// <summary>Rows of figures by name.</summary>
    public Dictionary<string, double[]> Series { get; init; } = [];
}
