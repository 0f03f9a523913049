using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace RnnService.Engine.Kernels;

/// <summary>
/// Who computes one pass: the calling thread, and between <see cref="Begin"/> and <see cref="End"/> a helper thread if a processor is free
/// for it. No result depends on which. Not thread-safe: it belongs to the pass.
/// </summary>
internal sealed class ThreadPair
{
    private static readonly ConcurrentBag<HelperThread> Idle = [];
    private static int _busy; // threads of all pairs between their begin and end

    private HelperThread? _helper;

    /// <summary>Whether there are two.</summary>
    public bool IsTwo => _helper is not null;

    /// <summary>Takes a helper thread if fewer threads are at work than there are processors.</summary>
    public void Begin(int processors)
    {
        if (Interlocked.Increment(ref _busy) >= processors) return;
        if (Interlocked.Increment(ref _busy) > processors) Interlocked.Decrement(ref _busy);
        else _helper = Idle.TryTake(out HelperThread? helper) ? helper : new HelperThread();
    }

    /// <summary>Lets the helper thread go.</summary>
    public void End()
    {
        Interlocked.Add(ref _busy, _helper is null ? -1 : -2);
        if (_helper is not null) Idle.Add(_helper);
        _helper = null;
    }

    /// <summary>Runs two pieces of work at once; each of them runs alone. Returns when both have ended.</summary>
    /// <param name="here">What the calling thread does.</param>
    /// <param name="there">What the helper thread does.</param>
    /// <param name="meanwhile">Called again and again while the calling thread has nothing to do but to wait; null for nothing.</param>
    public void Both(Action here, Action there, Action? meanwhile = null)
    {
        HelperThread helper = _helper!;
        _helper = null;
        try
        {
            helper.Start(there);
            Exception? error = null;
            try
            {
                here();
                helper.Expect(meanwhile);
            }
            catch (Exception thrown)
            {
                error = thrown;
            }

            helper.Wait();
            if (error is not null) ExceptionDispatchInfo.Throw(error);
        }
        finally
        {
            helper.Forget();
            _helper = helper;
        }
    }

    /// <summary>
    /// Calls <paramref name="work"/> for half 0 here and for half 1 there, and returns when both have ended; it must not throw.
    /// </summary>
    public unsafe void Both(delegate*<void*, int, void> work, void* argument)
    {
        _helper!.Start(work, argument);
        work(argument, 0);
        _helper.Wait();
    }

    /// <summary>
    /// A thread that waits for work, at first awake: between two products of a step lie microseconds, and waking takes tens of them. Work
    /// that it has not begun when its owner has nothing else to do is done by the owner, so a busy machine makes nobody wait for a
    /// thread that does not run.
    /// </summary>
    private sealed unsafe class HelperThread
    {
        private const int Spins = 400; // some 20 µs awake
        private const int Patience = 10 * Spins;
        private const int None = 0, Offered = 1, Taken = 2, Awaited = 3, Done = 4;
        private readonly SemaphoreSlim _wake = new(0), _done = new(0);
        private Action? _action;
        private delegate*<void*, int, void> _work;
        private void* _argument;
        private ExceptionDispatchInfo? _error;
        private int _state; // of the piece of work
        private int _asleep;

        public HelperThread() => new Thread(Loop) { IsBackground = true, Name = "RnnService helper" }.Start();

        public void Start(Action action)
        {
            _action = action;
            Offer();
        }

        public void Start(delegate*<void*, int, void> work, void* argument)
        {
            _action = null;
            _work = work;
            _argument = argument;
            Offer();
        }

        /// <summary>Lets go of work that is done: the thread outlives the networks that it works for.</summary>
        public void Forget() => _action = null;

        /// <summary>Does something else until the work that the helper thread has begun is done; <see cref="Wait"/> ends it.</summary>
        public void Expect(Action? meanwhile)
        {
            if (meanwhile is null) return;
            for (int spin = 0; Volatile.Read(ref _state) == Taken; spin++)
            {
                if (spin < Spins) Thread.SpinWait(10);
                else Thread.Sleep(spin % 2); // 0: who is ready on this processor goes first
                meanwhile();
            }
        }

        public void Wait()
        {
            if (Interlocked.CompareExchange(ref _state, None, Offered) == Offered)
            {
                Work();
                return;
            }

            for (int spin = 0; spin < Spins && Volatile.Read(ref _state) != Done; spin++) Thread.SpinWait(10);
            // Who goes on looking keeps a processor that the helper thread, or whoever has pushed it aside, could use.
            if (Interlocked.CompareExchange(ref _state, Awaited, Taken) == Taken) _done.Wait();

            ExceptionDispatchInfo? error = _error;
            _error = null;
            error?.Throw();
        }

        private void Offer()
        {
            Interlocked.Exchange(ref _state, Offered);
            if (Interlocked.Exchange(ref _asleep, 0) == 1) _wake.Release();
        }

        private void Work()
        {
            if (_action is { } action) action();
            else _work(_argument, 1);
        }

        private void Loop()
        {
            int spins = Spins;
            bool worthPatience = true;
            while (true)
            {
                for (int spin = 0; spin < spins && Volatile.Read(ref _state) != Offered; spin++) Thread.SpinWait(10);
                if (Interlocked.CompareExchange(ref _state, Taken, Offered) != Offered)
                {
                    worthPatience &= spins == Spins;
                    Interlocked.Exchange(ref _asleep, 1);
                    // Who offers after this line wakes; what was offered before it is seen here.
                    if (Volatile.Read(ref _state) != Offered || Interlocked.Exchange(ref _asleep, 0) == 0) _wake.Wait();
                    // Pieces as long as waking takes would all be missed: who has come too late for one stays awake for the next, until
                    // that was in vain.
                    spins = worthPatience && Volatile.Read(ref _state) != Offered ? Patience : Spins;
                    continue;
                }

                spins = Spins;
                worthPatience = true;
                try
                {
                    Work();
                }
                catch (Exception thrown)
                {
                    _error = ExceptionDispatchInfo.Capture(thrown);
                }

                if (Interlocked.Exchange(ref _state, Done) == Awaited) _done.Release();
            }
        }
    }
}
