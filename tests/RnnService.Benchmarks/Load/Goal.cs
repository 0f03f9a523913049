namespace RnnService.Benchmarks.Load;

/// <summary>How a table says whether a goal was reached.</summary>
internal static class Goal
{
    public static string Met(bool met) => met ? "met" : "not met";
}
