using System.Text;
using CsCheck;
using RnnService.Server.Keys;
using RnnService.Server.Options;

namespace RnnService.Server.Tests.Keys;

public sealed class KeyFileTests
{
    private static readonly string Hash = KeySecret.HashOf("a"), Second = KeySecret.HashOf("b");

    public static TheoryData<string, string> Faults => new()
    {
        { "[]", "k.json:  in line 1 cannot be read; expected JSON with the fields" },
        { """{"keys": [{"name": "a"}]}""", "keys[0] in line 1" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}", "request_per_minute": 1}]}""", "keys[0].request_per_minute in line 1" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}", "role": "admin"}]}""", "keys[0].role in line 1" },
        { $$"""{"keys": [{"name": "a b", "hash": "{{Hash}}"}]}""", "keys[0].name is \"a b\"; expected 1 to 64 letters" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}"}, {"name": "a", "hash": "{{Second}}"}]}""", "keys[1].name is \"a\", as that of another" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}"}, {"name": "b", "hash": "{{Hash}}"}]}""", "keys[1].hash (b) is that of another" },
        { """{"keys": [{"name": "a", "hash": "rnn_secret"}]}""", "keys[0].hash (a) is none; expected sha256: and 64" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}", "models": []}]}""", "keys[0].models (a) is empty" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}", "requests_per_minute": 0}]}""", "requests_per_minute (a) is 0; expected 1 to 1000000" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}", "requests_per_minute": 2000000000}]}""", "requests_per_minute (a) is 2000000000; expected 1 to 1000000" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}", "models": [null]}]}""", "keys[0].models (a) holds what is no name" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}", "rnn_secret": 1}]}""", "k.json: keys[0] in line 1 cannot be read" },
        { """{"keys": [null]}""", "keys[0] is null; expected an object" },
        { $$"""{"keys": [{"name": "a", "hash": "{{Hash}}", "concurrent_requests": -1}]}""", "concurrent_requests (a) is -1; expected 1 or more" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void What_is_wrong_is_told_with_its_place_and_without_what_may_be_a_key(string json, string sentence)
    {
        string message = Assert.Throws<KeyFileException>(() => KeyFile.Parse("k.json", Encoding.UTF8.GetBytes(json))).Message;
        Assert.Contains(sentence, message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_read_as_it_was_written() =>
        Gen.Select(Gen.Char.AlphaNumeric.Array[1, 64], Gen.Bool, Gen.Bool, Gen.Int[1, 1000], Gen.DateTimeOffset).Sample((name, isOperator, isDisabled, number, time) =>
        {
            var key = new ServiceKey
            {
                Name = new string(name),
                Hash = Hash,
                Role = isOperator ? KeyRole.Operator : KeyRole.User,
                Models = isDisabled ? null : ["pos"],
                RequestsPerMinute = isDisabled ? null : number,
                ConcurrentRequests = isOperator ? null : number,
                Expires = time,
                Disabled = isDisabled,
            };
            ServiceKey read = Assert.Single(KeyFile.Parse("", Encoding.UTF8.GetBytes(new KeyFile { Keys = [key] }.ToJson())).Keys);
            Assert.Equal(KeyFile.ToJson(key), KeyFile.ToJson(read));
            Assert.Equal((key.Name, key.Role, key.Expires, key.Disabled), (read.Name, read.Role, read.Expires, read.Disabled));
        }, iter: 100);

    [Fact]
    public void A_key_is_found_by_itself_alone()
    {
        string[] secrets = [.. Enumerable.Range(0, 100).Select(_ => KeySecret.Create())];
        var keys = new KeySet([.. secrets.Select((secret, index) => new ServiceKey { Name = index.ToString(), Hash = KeySecret.HashOf(secret) })]);
        Assert.All(secrets, (secret, index) => Assert.Equal(index.ToString(), keys.Find(secret)?.Name));
        Assert.All(secrets, secret => Assert.Null(keys.Find(KeySecret.HashOf(secret))));
        Assert.Null(keys.Find(KeySecret.Create()));
        Assert.Null(keys.Find(""));
        Assert.All(secrets, secret => Assert.Matches("^rnn_[0-9a-f]{64}$", secret));
    }

    [Fact]
    public void A_file_that_cannot_be_used_stops_the_start_in_a_sentence()
    {
        OptionsException exception = Assert.Throws<OptionsException>(() => Service.Build(["--Rnn:Keys:File=/no/such/keys.json"]));
        Assert.Equal("Rnn:Keys:File: /no/such/keys.json: is not there; expected a file of keys, as `rnn key new` writes it", exception.Message);
    }
}
