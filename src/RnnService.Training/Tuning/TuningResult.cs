using RnnService.Training.Recipes;

namespace RnnService.Training.Tuning;

/// <summary>What a search for settings came to.</summary>
/// <param name="Trials">All trials, in their order.</param>
/// <param name="Best">The best of them.</param>
/// <param name="Recipe">The recipe of the best.</param>
/// <param name="Lessons">What the settings did, the one that mattered most first; those that made no clear difference are left out.</param>
/// <param name="IsStopped">Whether the caller ended the search before its limits did.</param>
public sealed record TuningResult(
    IReadOnlyList<TuningTrial> Trials, TuningTrial Best, Recipe Recipe, IReadOnlyList<TuningLesson> Lessons, bool IsStopped);
