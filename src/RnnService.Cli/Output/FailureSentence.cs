using System.Reflection;
using RnnService.Audio;
using RnnService.Cli.Arguments;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Import.Files;
using RnnService.Server.Keys;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using RnnService.Training.Tuning;

namespace RnnService.Cli.Output;

/// <summary>What the command says when something fails: the library's message, with the options that help where there are some.</summary>
internal static class FailureSentence
{
    /// <summary>The sentence; null for what is a fault of the program.</summary>
    public static string? Of(Exception error) => Innermost(error) is var inner && IsExpected(inner) ? Say(inner) : null;

    private static bool IsExpected(Exception error) => error
        is CommandException or RecipeException or RunFolderException or TrainingDivergedException or ModelFolderException
        or WeightFormatException or ImportException or DisagreementException or IOException or UnauthorizedAccessException
        or InvalidDataException or ArgumentException or NetworkException or OutOfMemoryException or OverflowException
        or CorpusException or TuningException or KeyFileException or SoundFormatException;

    /// <summary>What went wrong itself: several threads at work wrap it, and so does a type that cannot be made ready.</summary>
    private static Exception Innermost(Exception error) =>
        error is (AggregateException or TypeInitializationException or TargetInvocationException) && error.InnerException is { } inner
            ? Innermost(inner)
            : error;

    private static bool MayReplace(Exception? error) =>
        error is not null && (error is ModelFolderException { IsReplaceable: true } || MayReplace(error.InnerException));

    private static string Say(Exception error)
    {
        string message = error.Message;
        if (MayReplace(error)) return message + ", or --force to replace it";
        // A line for each thing that is wrong.
        if (error is ImportException refused)
        {
            return message + refused.OtherWay switch
            {
                ImportWay.AsIs => ": rnn import --onnx FILE --as-is …",
                ImportWay.Weights => ": leave --as-is out",
                _ => "",
            };
        }

        if (error is OutOfMemoryException or OverflowException)
            return "this takes more memory than there is; expected smaller sizes (hidden_size, embedding_size, batch_size) or a shorter text";
        if (error is CorpusException corpus) message = corpus.Note.ToString(CorpusOptions.OptionOf);
        // .NET appends the name of the method's parameter, which says nothing to who runs the command.
        if (error is ArgumentException { ParamName: { } parameter })
            message = message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal);
        return message.ReplaceLineEndings(" ") + error switch
        {
            RunFolderException => "; --restart starts anew",
            TrainingDivergedException => " (--learning-rate, --set training.clip_norm=1; --restart starts anew)",
            _ => "",
        };
    }
}
