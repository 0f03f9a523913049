using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>The best model so far, as a store keeps it.</summary>
/// <param name="Model">The model; its weights are the best ones until the call returns.</param>
/// <param name="Recipe">What it is trained with.</param>
/// <param name="Corpus">What it is trained on.</param>
/// <param name="Score">Its score on the validation part.</param>
/// <param name="Epochs">Passes over the corpus until now.</param>
/// <param name="Date">Today.</param>
internal sealed record BestModel(Model Model, Recipe Recipe, CorpusReport Corpus, ValidationScore Score, double Epochs, DateOnly Date);
