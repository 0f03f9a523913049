using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using RnnService.Server.Options;
using RnnService.Server.Requests;
using RnnService.Server.Sessions;

namespace RnnService.Server.Tests.Sessions;

public sealed class KeyRingTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-keys-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Ten replicas that start at once on an empty ring: the worst case, in which each would make a key of its own.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_replica_seals_every_other_opens(bool inRedis)
    {
        await using RedisServer? redis = inRedis ? await RedisServer.StartAsync() : null;
        GenerationSessionOptions options = inRedis ? new() { Redis = redis!.Address } : new() { KeysPath = _folder.FullName };
        ServiceProvider[] replicas = [.. Enumerable.Range(0, 10).Select(_ => Replica(options))];
        await Task.WhenAll(replicas.Select(replica => Task.Run(async () => await replica.GetRequiredService<KeyRing>().OpenAsync())));
        if (redis is not null) Assert.Equal(1, (await redis.DumpAsync()).Split("<key ").Length - 1);
        else Assert.Single(_folder.EnumerateFiles("*.xml"));
        string state = await Seal(replicas[0]).SealAsync("me", State());
        foreach (ServiceProvider replica in replicas)
        {
            Assert.Equal(7, (await Seal(replica).OpenAsync("me", state)).Position);
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_certificate_encrypts_the_keys_where_they_lie()
    {
        string certificate = Path.Combine(_folder.FullName, "keys.pem");
        using (var rsa = RSA.Create(2_048))
        {
            using X509Certificate2 own = new CertificateRequest("CN=keys", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            File.WriteAllText(certificate, own.ExportCertificatePem() + "\n" + rsa.ExportPkcs8PrivateKeyPem());
        }

        var options = new GenerationSessionOptions { KeysPath = Path.Combine(_folder.FullName, "ring"), KeysCertificate = certificate };
        string state;
        await using (ServiceProvider one = Replica(options)) state = await Seal(one).SealAsync("me", State());
        string key = File.ReadAllText(Directory.GetFiles(options.KeysPath, "*.xml").Single());
        Assert.Contains("EncryptedData", key, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", key, StringComparison.Ordinal);
        await using ServiceProvider other = Replica(options), without = Replica(options with { KeysCertificate = "" });
        Assert.Equal(7, (await Seal(other).OpenAsync("me", state)).Position);
        await Assert.ThrowsAsync<RequestProblem>(async () => await Seal(without).OpenAsync("me", state));
    }

    [Fact]
    public async Task Keys_that_cannot_be_reached_are_no_forged_state()
    {
        await using ServiceProvider replica = Replica(new() { Redis = RedisServer.NoAddress });
        RequestProblem problem = await Assert.ThrowsAsync<RequestProblem>(async () => await Seal(replica).OpenAsync("me", "AAAA"));
        Assert.Equal(ProblemKind.SessionsUnavailable, problem.Kind);
    }

    [Theory]
    [InlineData("redis", "", "", "", "Rnn:Sessions:Redis is empty; expected the servers that Rnn:Sessions:Store names")]
    [InlineData("", "a:b:c,password=secret,nonsense=1", "", "", "Rnn:Sessions:Redis cannot be read; expected servers such as redis:6379,password=…")]
    [InlineData("", "", "/dev/null/keys", "", "Rnn:Sessions:KeysPath is \"/dev/null/keys\"; expected a folder that the service's user may write to")]
    [InlineData("", "localhost", "", "/no.pem", "Rnn:Sessions:KeysCertificate is \"/no.pem\", which cannot be used; expected a certificate and its private key as PEM files")]
    public void Options_that_cannot_be_used_are_told_at_the_start(string store, string redis, string keys, string certificate, string sentence)
    {
        var options = new GenerationSessionOptions { Store = store, Redis = redis, KeysPath = keys, KeysCertificate = certificate };
        Assert.Equal([sentence], Assert.Throws<OptionsException>(() => new ServiceCollection().AddSessions(options)).Faults);
    }

    private static ServiceProvider Replica(GenerationSessionOptions options) =>
        new ServiceCollection().AddLogging().AddMetrics().AddSingleton(TimeProvider.System).AddSessions(options).BuildServiceProvider();

    private static StateSeal Seal(ServiceProvider replica) => replica.GetRequiredService<StateSeal>();

    private static SessionState State() => new(new string('a', 64), 7, DateTimeOffset.UtcNow.AddDays(1), new byte[] { 1, 2, 3 });
}
