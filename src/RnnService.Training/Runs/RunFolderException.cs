namespace RnnService.Training.Runs;

/// <summary>
/// The output folder holds a run or a model that this run does not resume: the message says why. A restart replaces it.
/// </summary>
public sealed class RunFolderException(string message, Exception? inner = null) : Exception(message, inner);
