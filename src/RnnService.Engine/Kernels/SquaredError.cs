namespace RnnService.Engine.Kernels;

/// <summary>
/// The loss e² of e = y − t, which beyond an error of δ goes on in a straight line, δ (2 |e| − δ) (Huber 1964; twice his).
/// </summary>
internal static class SquaredError
{
    /// <summary>Returns the summed loss and replaces the values by its gradient. A target that is NaN counts for nothing.</summary>
    /// <param name="values">y.</param>
    /// <param name="targets">t, as many.</param>
    /// <param name="huber">δ; infinite for the square alone.</param>
    public static double Backward(Span<float> values, ReadOnlySpan<float> targets, float huber)
    {
        double loss = 0;
        for (int i = 0; i < values.Length; i++)
        {
            float error = float.IsNaN(targets[i]) ? 0 : values[i] - targets[i];
            bool far = Math.Abs(error) > huber;
            loss += far ? huber * (2.0 * Math.Abs(error) - huber) : (double)error * error;
            values[i] = far ? 2 * huber * Math.Sign(error) : 2 * error;
        }

        return loss;
    }
}
