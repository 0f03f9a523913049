namespace RnnService.Training.Tuning;

/// <summary>A search cannot go on with what its folder holds, or came to no result. The message says why.</summary>
public sealed class TuningException(string message, Exception? inner = null) : Exception(message, inner);
