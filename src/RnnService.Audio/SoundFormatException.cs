namespace RnnService.Audio;

/// <summary>A sound that cannot be read. The message says the place, what was found and what was expected; it holds nothing of the file's text.</summary>
/// <param name="message">What is wrong.</param>
/// <param name="inner">What failed below.</param>
public sealed class SoundFormatException(string message, Exception? inner = null) : Exception(message, inner);
