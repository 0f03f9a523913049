namespace RnnService.Training.Recipes;

/// <summary>A recipe cannot be read or contradicts itself: the message names the setting, the value found and what was expected.</summary>
public sealed class RecipeException(string message, Exception? inner = null) : Exception(message, inner);
