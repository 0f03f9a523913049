namespace RnnService.Training.Runs;

/// <summary>How a run ended.</summary>
public enum RunEnd
{
    /// <summary>All epochs are done.</summary>
    Finished,

    /// <summary>Evaluations brought no progress for as long as the recipe allows.</summary>
    StoppedEarly,

    /// <summary>It was told to stop; the checkpoint lets it go on.</summary>
    Interrupted,
}
