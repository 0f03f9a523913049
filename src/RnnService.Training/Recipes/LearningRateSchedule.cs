namespace RnnService.Training.Recipes;

/// <summary>How the learning rate moves.</summary>
public enum LearningRateSchedule
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>It falls along half a cosine to <see cref="TrainingSettings.FinalRate"/> of itself at the last step.</summary>
    Cosine,

    /// <summary>It is multiplied by <see cref="TrainingSettings.PlateauFactor"/> when evaluations bring no progress.</summary>
    Plateau,
}
