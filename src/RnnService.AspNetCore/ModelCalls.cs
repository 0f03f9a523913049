using System.Diagnostics;
using RnnService.AspNetCore.Diagnostics;
using RnnService.AspNetCore.Errors;
using RnnService.AspNetCore.Models;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Generation;
using RnnService.Engine.Networks;

namespace RnnService.AspNetCore;

/// <summary>
/// The path of a call of an injected service: ready → entry → model → permit → tokens → queue → batch or steps. Thread-safe.
/// </summary>
internal sealed class ModelCalls(Readiness readiness, ComputeLoop loop, ModelRegistry registry)
{
    /// <summary>Begins a call; disposed of when it has ended.</summary>
    /// <param name="operation">What is done, for the trace.</param>
    /// <exception cref="ModelNotReadyException">The host is stopping.</exception>
    public ModelCall Begin(string operation)
    {
        readiness.ThrowIfStopping();
        loop.Clients.Enter();
        return new ModelCall(registry, loop.Clients, RnnTelemetry.Activities.StartActivity(operation));
    }

    /// <summary>Has texts computed.</summary>
    /// <typeparam name="TModel">The kind of model.</typeparam>
    /// <typeparam name="TInput">A text as the model reads it.</typeparam>
    /// <typeparam name="TOutput">What the batches give for a text.</typeparam>
    /// <typeparam name="TAnswer">What the caller gets for it.</typeparam>
    /// <param name="operation">What is done, for the trace.</param>
    /// <param name="name">The model's name; null for the default one.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="batcher">The model's queue.</param>
    /// <param name="encode">Makes tokens of a text, by its index; called once there is a permit.</param>
    /// <param name="answer">Makes an answer of what the batches gave for a text, by its index.</param>
    /// <param name="cancel">Ends waiting.</param>
    /// <exception cref="InferenceException">There is no such model, it is not loaded in time, or too much waits.</exception>
    /// <exception cref="NetworkException">A text cannot be computed; of several the message names the first.</exception>
    public async Task<IReadOnlyList<TAnswer>> ComputeAsync<TModel, TInput, TOutput, TAnswer>(
        string operation,
        string? name,
        IReadOnlyList<string> texts,
        Func<TModel, TextBatcher<TInput, TOutput>> batcher,
        Func<TModel, int, TInput> encode,
        Func<TModel, int, TOutput, TAnswer> answer,
        CancellationToken cancel)
        where TModel : ServedModel, IServedTask
    {
        cancel.ThrowIfCancellationRequested();
        if (texts.Count == 0) return [];
        using ModelCall call = Begin(operation);
        try
        {
            TModel model = await call.ModelAsync<TModel>(name, cancel).ConfigureAwait(false);
            TextAnswers<TOutput> outputs = await batcher(model).Submit(Encode, cancel).WaitAsync(cancel).ConfigureAwait(false);
            var answers = new TAnswer[texts.Count];
            for (int i = 0; i < answers.Length; i++)
            {
                try
                {
                    if (outputs.Failures.TryGetValue(i, out NetworkException? failure)) throw failure;
                    answers[i] = answer(model, i, outputs.Outputs[i]);
                }
                catch (NetworkException failure) when (answers.Length > 1)
                {
                    throw new NetworkException($"texts[{i}]: {failure.Message}", failure);
                }
            }

            return answers;

            TInput[] Encode()
            {
                TInput[] inputs = new TInput[texts.Count];
                for (int i = 0; i < inputs.Length; i++) inputs[i] = encode(model, i);
                return inputs;
            }
        }
        catch (Exception exception)
        {
            call.Fail(exception);
            throw;
        }
    }

    /// <summary>Has texts written beside each other.</summary>
    /// <typeparam name="TModel">The kind of model.</typeparam>
    /// <param name="operation">What is done, for the trace.</param>
    /// <param name="name">Which model.</param>
    /// <param name="texts">What is continued, or the sources.</param>
    /// <param name="options">How; what is left out is as the model's folder says.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>The texts, which have ended.</returns>
    /// <exception cref="ArgumentException">A text holds nothing that the model reads, or an option is out of its bounds.</exception>
    /// <exception cref="InferenceException">There is no such model, it is not loaded in time, or too much waits.</exception>
    /// <exception cref="NetworkException">A text cannot be computed.</exception>
    public async Task<IReadOnlyList<GenerationStream>> WriteAsync<TModel>(
        string operation, ModelName name, IReadOnlyList<string> texts, GenerationOptions? options, CancellationToken cancel)
        where TModel : ServedGenerator, IServedTask
    {
        cancel.ThrowIfCancellationRequested();
        if (texts.Count == 0) return [];
        using ModelCall call = Begin(operation);
        // Cancelled too when one of the texts fails.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            TModel served = await call.ModelAsync<TModel>(name.Value, cancel).ConfigureAwait(false);
            GenerationJob[] jobs = [.. texts.Select(text => served.Generator.Submit(model => model.NewStream(text, options), readsAlong: false, end.Token))];
            var ended = new GenerationStream[jobs.Length];
            for (int i = 0; i < ended.Length; i++) ended[i] = await jobs[i].Ended.WaitAsync(cancel).ConfigureAwait(false);
            return ended;
        }
        catch (Exception exception)
        {
            call.Fail(exception);
            throw;
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>A call that is under way.</summary>
internal sealed class ModelCall(ModelRegistry registry, ActiveClients clients, Activity? activity) : IDisposable
{
    private ServedModel? _entered;

    /// <summary>The model of this kind that answers, in hand until the call has ended. Asked for once.</summary>
    /// <param name="name">Its name; null for the default one.</param>
    /// <param name="cancel">Ends waiting for it to be loaded.</param>
    /// <exception cref="InferenceException">There is none, or it is not loaded in time.</exception>
    public async ValueTask<T> ModelAsync<T>(string? name, CancellationToken cancel)
        where T : ServedModel, IServedTask
    {
        T model = await registry.EnterAsync<T>(name, cancel).ConfigureAwait(false);
        _entered = model;
        activity?.SetTag("rnn.model", model.Name);
        return model;
    }

    /// <summary>Notes a failure in the trace, by its type: a message may quote the text.</summary>
    public void Fail(Exception exception) => activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);

    public void Dispose()
    {
        activity?.Dispose();
        _entered?.Uses.Leave();
        clients.Leave();
    }
}
