namespace RnnService.Engine.Networks;

/// <summary>
/// The second loss of adversarial training: that of the same texts with their embeddings moved to where a classifier errs the most (Miyato, Dai and
/// Goodfellow 2017).
/// </summary>
/// <param name="Norm">ε, the length of the move of all embeddings of a text taken as one vector.</param>
/// <param name="Weight">Weight of the loss.</param>
/// <param name="IsVirtual">
/// Whether a text moves away from the network's own answer and is to keep it, for which no label is needed; else away from its label.
/// </param>
internal readonly record struct AdversarialLoss(float Norm, float Weight, bool IsVirtual);
