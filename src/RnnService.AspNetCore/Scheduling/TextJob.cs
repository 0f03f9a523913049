using System.Collections.ObjectModel;
using RnnService.AspNetCore.Diagnostics;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore.Scheduling;

/// <summary>What became of the texts of one request.</summary>
/// <param name="Outputs">What the model says of each; of no meaning where it could not be computed.</param>
/// <param name="Failures">By index, the texts that could not be computed, and why.</param>
internal sealed record TextAnswers<TOutput>(TOutput[] Outputs, IReadOnlyDictionary<int, NetworkException> Failures);

/// <summary>The texts of one request on their way through the batches.</summary>
/// <param name="inputs">The texts as the model reads them.</param>
/// <param name="permit">The request's place in the queue; given back when the job ends.</param>
/// <param name="left">Cancelled when nobody waits for the answer any more.</param>
/// <param name="submitted">Timestamp of handing in.</param>
internal sealed class TextJob<TInput, TOutput>(
    IReadOnlyList<TInput> inputs, Admission.Permit permit, CancellationToken left, long submitted)
{
    private static readonly ReadOnlyDictionary<int, NetworkException> None = ReadOnlyDictionary<int, NetworkException>.Empty;

    // Continuations run elsewhere: the compute loop must not carry on with a request's answer.
    private readonly TaskCompletionSource<TextAnswers<TOutput>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TOutput[] _outputs = new TOutput[inputs.Count];
    private Dictionary<int, NetworkException>? _failures;
    private int _done;

    public Task<TextAnswers<TOutput>> Answer => _answer.Task;

    /// <summary>What a trace shows of it; null where nobody listens.</summary>
    public JobTrace? Trace { get; init; }

    /// <summary>Whose it is.</summary>
    public string Client => permit.Client;

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
        Count();
    }

    /// <summary>Notes that a text cannot be computed, in place of its answer: the others are answered.</summary>
    public void Miss(int index, NetworkException failure)
    {
        (_failures ??= [])[index] = failure;
        Count();
    }

    /// <summary>Ends the job; safe from any thread.</summary>
    public void Fail(Exception exception)
    {
        Trace?.End(exception);
        if (_answer.TrySetException(exception)) permit.Dispose();
    }

    public void Cancel()
    {
        Trace?.End(new OperationCanceledException(left));
        if (_answer.TrySetCanceled(left)) permit.Dispose();
    }

    private void Count()
    {
        if (++_done < inputs.Count) return;
        IReadOnlyDictionary<int, NetworkException> failures = _failures ?? (IReadOnlyDictionary<int, NetworkException>)None;
        Trace?.End(null);
        // The place first: who has the answer may ask again.
        permit.Dispose();
        _answer.TrySetResult(new TextAnswers<TOutput>(_outputs, failures));
    }
}
