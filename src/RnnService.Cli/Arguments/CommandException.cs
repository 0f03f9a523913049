namespace RnnService.Cli.Arguments;

/// <summary>What was asked cannot be done: the message says what was found and what was expected.</summary>
internal sealed class CommandException(string message) : Exception(message);
