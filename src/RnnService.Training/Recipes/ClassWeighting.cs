namespace RnnService.Training.Recipes;

/// <summary>How much the labels of a classifier or tagger count in the loss.</summary>
public enum ClassWeighting
{
    /// <summary>Every example counts alike.</summary>
    None,

    /// <summary>
    /// Every label counts alike in all, however rare: an example counts examples / (labels · examples of its label). Where a text has several labels, one of
    /// its own counts as many times as there are texts without that label for each with it.
    /// </summary>
    Balanced,
}
