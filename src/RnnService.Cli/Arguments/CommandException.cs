namespace RnnService.Cli.Arguments;

/// <summary>What was asked cannot be done: the message says what was found and what was wanted.</summary>
internal sealed class CommandException(string message) : Exception(message);
