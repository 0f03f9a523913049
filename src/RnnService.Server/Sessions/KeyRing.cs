using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.StackExchangeRedis;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using StackExchange.Redis;

namespace RnnService.Server.Sessions;

/// <summary>
/// The keys that seal states: of this process alone, or shared by replicas in a folder or in Redis, where Data Protection makes new ones in time. Replicas
/// that start together on an empty ring would each make a key that the others meet only a day later: so they open it one after the other. Thread-safe.
/// </summary>
internal sealed class KeyRing(IDataProtectionProvider provider, GenerationSessionOptions options, RedisConnection redis, TimeProvider time, ILogger<KeyRing> logger)
    : IHostedService
{
    private const string Application = "RnnService", RedisKeys = "rnn:keys", RedisLock = "rnn:keys:lock", LockFile = "keys.lock";

    /// <summary>What somebody should know who runs several replicas, or one that is started anew.</summary>
    public const string NotShared = "states of sessions are good until this process ends, and for no other: Rnn:Sessions:KeysPath or Rnn:Sessions:Redis gives their "
        + "keys a place";

    /// <summary>How long another replica may take to make the first key, and how often to look.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Interval = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _opening = new(1);
    private volatile bool _isOpen;

    public IDataProtectionProvider Provider { get; } = provider;

    /// <summary>Whether states outlive this process, so that a replica can resume another's.</summary>
    public bool IsShared => IsSharedBy(options);

    /// <exception cref="OptionsException">The place of the keys or their certificate cannot be used.</exception>
    public static void Add(IServiceCollection services, GenerationSessionOptions options)
    {
        services.AddSingleton<KeyRing>();
        if (!IsSharedBy(options))
        {
            services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
            return;
        }

        // Before Data Protection's own service, which opens the ring without waiting for others.
        services.AddHostedService(all => all.GetRequiredService<KeyRing>());
        IDataProtectionBuilder builder = services.AddDataProtection().SetApplicationName(Application)
            .SetDefaultKeyLifetime(TimeSpan.FromDays(options.KeyDays));
        if (options.KeysPath.Length > 0) builder.PersistKeysToFileSystem(Folder(options.KeysPath));
        else services.AddOptions<KeyManagementOptions>().Configure<RedisConnection>((ring, redis) => ring.XmlRepository = new RedisXmlRepository(redis.Database, RedisKeys));
        if (options.KeysCertificate.Length > 0) builder.ProtectKeysWithCertificate(Certificate(options));
    }

    /// <summary>Makes sure that the ring can be used, and that it has a key.</summary>
    /// <exception cref="RequestProblem">Where it lies cannot be reached.</exception>
    public async ValueTask OpenAsync()
    {
        if (_isOpen) return;
        await _opening.WaitAsync();
        try
        {
            if (_isOpen) return;
            if (IsShared) await OpenInTurnAsync();
            _isOpen = true;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or RedisException)
        {
            throw new RequestProblem(ProblemKind.SessionsUnavailable, "the keys of session states cannot be reached");
        }
        finally
        {
            _opening.Release();
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await OpenAsync();
        }
        catch (RequestProblem)
        {
            SessionLog.KeysUnreachable(logger, options.KeysPath.Length > 0 ? nameof(options.KeysPath) : nameof(options.Redis));
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static bool IsSharedBy(GenerationSessionOptions options) => options.KeysPath.Length > 0 || options.Redis.Length > 0;

    private async Task OpenInTurnAsync()
    {
        await using IAsyncDisposable turn = options.KeysPath.Length > 0 ? await FolderTurnAsync() : await RedisTurnAsync();
        // The first use of a ring reads it, and makes a key where there is none.
        Provider.CreateProtector(Application).Protect([]);
    }

    private async Task<IAsyncDisposable> FolderTurnAsync()
    {
        string path = Path.Combine(options.KeysPath, LockFile);
        long started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (time.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Interval);
            }
        }
    }

    private async Task<IAsyncDisposable> RedisTurnAsync()
    {
        string token = Guid.NewGuid().ToString();
        IDatabase database = await redis.ConnectAsync();
        long started = time.GetTimestamp();
        while (!await database.LockTakeAsync(RedisLock, token, Patience) && time.GetElapsedTime(started) < Patience) await Task.Delay(Interval);
        return new Release(() => database.LockReleaseAsync(RedisLock, token));
    }

    private static DirectoryInfo Folder(string path)
    {
        try
        {
            DirectoryInfo folder = Directory.CreateDirectory(path);
            using FileStream probe = new(Path.Combine(path, $".{Guid.NewGuid()}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new OptionsException([$"{Option(nameof(GenerationSessionOptions.KeysPath))} is \"{path}\"; expected a folder that the service's user may write to"]);
        }
    }

    private static X509Certificate2 Certificate(GenerationSessionOptions options)
    {
        string option = Option(nameof(GenerationSessionOptions.KeysCertificate));
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(options.KeysCertificate, options.KeysCertificateKey.Length > 0 ? options.KeysCertificateKey : null);
            using RSA? key = certificate.GetRSAPrivateKey();
            if (key is not null) return certificate;
            throw new OptionsException([$"{option} is a certificate of another kind; expected one with an RSA key"]);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new OptionsException([$"{option} is \"{options.KeysCertificate}\", which cannot be used; expected a certificate and its private key as PEM files"]);
        }
    }

    private static string Option(string name) => $"{ServiceOptions.Section}:{nameof(ServiceOptions.Sessions)}:{name}";

    private sealed class Release(Func<Task> release) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await release();
    }
}
