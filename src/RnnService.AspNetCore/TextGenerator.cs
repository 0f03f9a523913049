using System.Runtime.CompilerServices;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;

namespace RnnService.AspNetCore;

/// <summary>The generator that is injected.</summary>
internal sealed class TextGenerator(ModelName name, ModelCalls calls) : ITextGenerator
{
    private const string Operation = "rnn.generate";

    public IAsyncEnumerable<GeneratedToken> GenerateAsync(
        string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return TokensAsync(prompt, options, cancellationToken);
    }

    public async Task<string> CompleteAsync(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return (await CompleteAsync([prompt], options, cancellationToken).ConfigureAwait(false))[0];
    }

    public Task<IReadOnlyList<string>> CompleteAsync(
        IReadOnlyList<string> prompts, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        return TextsAsync(prompts, options, cancellationToken);
    }

    private async IAsyncEnumerable<GeneratedToken> TokensAsync(
        string prompt, GenerationOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using ModelCall call = calls.Begin(Operation);
        // Cancelled too when the caller leaves the loop.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            GenerationJob job;
            try
            {
                var served = await call.ModelAsync<ServedLanguageModel>(name.Value, cancellationToken).ConfigureAwait(false);
                job = served.Generator.Submit(model => model.NewStream(prompt, options), readsAlong: true, end.Token);
            }
            catch (Exception exception)
            {
                call.Fail(exception);
                throw;
            }

            while (await NextAsync(call, job, cancellationToken).ConfigureAwait(false))
            {
                // The caller's code must not hold up the thread that wakes the readers.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                while (job.TryRead(out StreamedToken token))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return token.Generated;
                }
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits for tokens.</summary>
    /// <returns>Whether there are any; otherwise the text has ended.</returns>
    private static async ValueTask<bool> NextAsync(ModelCall call, GenerationJob job, CancellationToken cancellationToken)
    {
        try
        {
            return await job.WaitAsync().ConfigureAwait(false) != StreamSignal.End;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            call.Fail(new OperationCanceledException(cancellationToken));
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception exception)
        {
            call.Fail(exception);
            throw;
        }
    }

    private async Task<IReadOnlyList<string>> TextsAsync(IReadOnlyList<string> prompts, GenerationOptions? options, CancellationToken cancellationToken) =>
        [.. (await calls.WriteAsync<ServedLanguageModel>(Operation, name, prompts, options, cancellationToken).ConfigureAwait(false)).Select(stream => stream.Text)];
}
