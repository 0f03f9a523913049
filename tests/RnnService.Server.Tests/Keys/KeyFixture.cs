using System.Net.Http.Headers;
using RnnService.Server.Keys;

namespace RnnService.Server.Tests.Keys;

/// <summary>A file of keys in a folder of its own, and the keys themselves.</summary>
internal sealed class KeyFixture : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rnn-keys-").FullName;
    private readonly Dictionary<string, string> _secrets = [];
    private List<ServiceKey> _keys = [];

    public string Path => System.IO.Path.Combine(_folder, "keys.json");

    public (string, string) Setting => ("Rnn:Keys:File", Path);

    public string this[string name] => _secrets[name];

    public IEnumerable<string> Secrets => _secrets.Values;

    public KeyFixture Add(string name, Func<ServiceKey, ServiceKey>? with = null)
    {
        string secret = _secrets[name] = KeySecret.Create();
        var key = new ServiceKey { Name = name, Hash = KeySecret.HashOf(secret) };
        _keys.Add(with?.Invoke(key) ?? key);
        return Write();
    }

    public KeyFixture Change(string name, Func<ServiceKey, ServiceKey> change)
    {
        _keys = [.. _keys.Select(key => key.Name == name ? change(key) : key)];
        return Write();
    }

    public KeyFixture Remove(string name)
    {
        _keys.RemoveAll(key => key.Name == name);
        return Write();
    }

    public KeyFixture Write()
    {
        File.WriteAllText(Path, new KeyFile { Keys = _keys }.ToJson());
        return this;
    }

    /// <summary>A client that sends a key of this file.</summary>
    public HttpClient Client(TestService service, string name)
    {
        HttpClient client = service.Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", this[name]);
        return client;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
