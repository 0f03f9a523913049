namespace RnnService.Training.Recipes;

/// <summary>What becomes of validation texts with labels that are never learnt.</summary>
public enum UnseenLabelRule
{
    /// <summary>They are evaluated, as wrong, and said once.</summary>
    Miss,

    /// <summary>They end the run before it starts.</summary>
    Error,
}
