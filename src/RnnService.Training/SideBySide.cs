using System.Runtime.ExceptionServices;

namespace RnnService.Training;

/// <summary>Work on all processors. What goes wrong in a part is thrown as it is, and not wrapped as <see cref="Parallel"/> does.</summary>
internal static class SideBySide
{
    /// <summary>Runs a part for each number from 0.</summary>
    public static void For(int count, Action<int> part) => Unwrapped(() => Parallel.For(0, count, part));

    /// <summary>Runs a part for each item.</summary>
    public static void ForEach<T>(IEnumerable<T> items, Action<T> part) => Unwrapped(() => Parallel.ForEach(items, part));

    private static void Unwrapped(Action work)
    {
        try
        {
            work();
        }
        catch (AggregateException error)
        {
            ExceptionDispatchInfo.Throw(error.Flatten().InnerExceptions[0]);
        }
    }
}
