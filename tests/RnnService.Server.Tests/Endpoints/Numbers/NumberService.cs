using RnnService.Audio;
using RnnService.Engine.Networks;

namespace RnnService.Server.Tests.Endpoints.Numbers;

/// <summary>A service with a model of every task that reads numbers, over real connections.</summary>
public sealed class NumberService : IAsyncLifetime
{
    public TinyNumberModels Models { get; } = new();

    internal TestService Service { get; private set; } = null!;

    internal HttpClient Client { get; private set; } = null!;

    /// <summary>Half a second of a tone that rises.</summary>
    public static short[] Sound { get; } = [.. Enumerable.Range(0, 4000).Select(i => (short)(8000 * Math.Sin(0.00005 * i * i)))];

    /// <summary>The sound as raw PCM.</summary>
    public static byte[] Pcm { get; } = [.. Sound.SelectMany(BitConverter.GetBytes)];

    /// <summary>The sound as a WAV file.</summary>
    public static byte[] Wav { get; } = WavBytes.Of(Sound, 8000);

    /// <summary>The sound as <c>digits</c> reads it.</summary>
    public static NumberSequence Steps { get; } = new AudioFeatures(TinyNumberModels.Audio).Of([.. Sound.Select(sample => sample / 32_768f)], 8000);

    public async ValueTask InitializeAsync()
    {
        Service = new TestService(null, null, ("Rnn:ModelsPath", Models.Path), ("Rnn:Http:StreamIdleSeconds", "3"), ("Rnn:Limits:MaxStreamMessageBytes", "10000"));
        Service.Listen();
        await Service.ReadyAsync();
        Client = Service.Client();
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        Models.Dispose();
    }
}
