namespace RnnService.Training.Recipes;

/// <summary>
/// Adversarial training of a classifier (Miyato, Dai and Goodfellow 2017): every text is learnt twice, once with its embeddings moved to where the
/// classifier errs the most. Embeddings are kept at mean 0 and variance 1 over the words of the training texts, or they would grow until the move no longer
/// mattered; the paper standardises them in every pass, here it is done after every step.
/// </summary>
public sealed record AdversarialSettings
{
    /// <summary>Length of the move of all embeddings of a text taken as one vector.</summary>
    public float Norm { get; init; } = 5;

    /// <summary>Weight of the moved texts' loss beside the other.</summary>
    public float Weight { get; init; } = 1;

    /// <summary>
    /// Moves away from the classifier's own answer, which is to stay, in place of the label: virtual adversarial training. It takes a third pass, to find where to.
    /// </summary>
    public bool Virtual { get; init; }
}
