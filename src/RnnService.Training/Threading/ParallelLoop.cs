using System.Runtime.ExceptionServices;

namespace RnnService.Training.Threading;

/// <summary>Loops over all processors. An exception of an iteration is thrown as it is, and not wrapped as <see cref="Parallel"/> does.</summary>
internal static class ParallelLoop
{
    /// <summary>Runs the body for each number from 0 to <paramref name="count"/> − 1.</summary>
    public static void For(int count, Action<int> body) => Unwrapped(() => Parallel.For(0, count, body));

    /// <summary>Runs the body for each item.</summary>
    public static void ForEach<T>(IEnumerable<T> items, Action<T> body) => Unwrapped(() => Parallel.ForEach(items, body));

    private static void Unwrapped(Action loop)
    {
        try
        {
            loop();
        }
        catch (AggregateException error)
        {
            ExceptionDispatchInfo.Throw(error.Flatten().InnerExceptions[0]);
        }
    }
}
