using RnnService.Server.Pipeline;

namespace RnnService.Server.Batching;

/// <summary>The texts of one request on their way through the batches.</summary>
/// <param name="inputs">The texts as the model reads them.</param>
/// <param name="permit">The request's place in the queue; given back when the job ends.</param>
/// <param name="left">Cancelled when nobody waits for the answer any more.</param>
/// <param name="submitted">Timestamp of handing in.</param>
internal sealed class TextJob<TInput, TOutput>(
    IReadOnlyList<TInput> inputs, Admission.Permit permit, CancellationToken left, long submitted)
{
    // Continuations run elsewhere: the compute loop must not carry on with a request's answer.
    private readonly TaskCompletionSource<TOutput[]> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TOutput[] _outputs = new TOutput[inputs.Count];
    private int _done;

    public Task<TOutput[]> Answer => _answer.Task;

    public long Submitted { get; } = submitted;

    public bool HasLeft => left.IsCancellationRequested;

    /// <summary>Index of the first text that no batch has taken yet.</summary>
    public int Next { get; private set; }

    public bool HasNext => Next < inputs.Count;

    public TInput Peek() => inputs[Next];

    public int Take() => Next++;

    public TInput Input(int index) => inputs[index];

    /// <summary>Keeps a text's answer; the last one ends the job.</summary>
    public void Deliver(int index, TOutput output)
    {
        _outputs[index] = output;
        if (++_done == inputs.Count && _answer.TrySetResult(_outputs)) permit.Dispose();
    }

    public void Fail(Exception exception)
    {
        if (_answer.TrySetException(exception)) permit.Dispose();
    }

    public void Cancel()
    {
        if (_answer.TrySetCanceled(left)) permit.Dispose();
    }
}
