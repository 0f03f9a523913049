using System.Text.Json;
using RnnService.Cli.Shell;
using RnnService.Server.Keys;

namespace RnnService.Cli.Tests.Verbs;

public sealed class KeyTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    private string File => Path.Combine(_folder.Root, "keys.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_new_key_is_printed_once_and_its_hash_is_in_the_file()
    {
        string key = New("shop", "--models", "pos", "ner", "--requests-per-minute", "600", "--concurrent-requests", "8", "--expires-in-days", "30");
        ServiceKey entry = new KeySet(KeyFile.Read(File).Keys).Find(key)!;
        Assert.Equal(("shop", KeyRole.User, 600, 8, false), (entry.Name, entry.Role, entry.RequestsPerMinute, entry.ConcurrentRequests, entry.Disabled));
        Assert.Equal(["pos", "ner"], entry.Models!);
        Assert.Equal(30, (entry.Expires - entry.Created)!.Value.TotalDays);
        Assert.DoesNotContain(key, System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        Assert.Equal([File], Directory.GetFiles(_folder.Root));
    }

    [Fact]
    public void Keys_are_listed_revoked_and_replaced()
    {
        string shop = New("shop"), admin = New("admin", "--role", "operator");
        CommandRun.Of("key", "new", "shop", "--file", File).FailedWith(ExitCode.Failed, "NAME is \"shop\"", "--replace");
        CommandRun.Of("key", "revoke", "shop", "--file", File).Succeeded();
        Assert.Equal(["shop\trevoked\tuser\tall models\tany rate\tany number at a time", "admin\tvalid\toperator\tall models\tany rate\tany number at a time"],
            CommandRun.Of("key", "list", "--file", File).Succeeded().Lines);
        Assert.Equal("this key was revoked", Find(shop)!.Refusal(DateTimeOffset.UtcNow));
        string again = New("shop", "--replace");
        Assert.Null(Find(shop));
        Assert.Equal("shop", Find(again)!.Name);
        Assert.Equal(KeyRole.Operator, Find(admin)!.Role);
        JsonElement[] listed = CommandRun.Of("key", "list", "--file", File, "--json").Succeeded().JsonLines();
        Assert.Equal(["admin", "shop"], listed.Select(one => one.GetProperty("name").GetString()).Order());
    }

    [Fact]
    public void What_cannot_be_done_is_told_in_a_sentence()
    {
        CommandRun.Of("key", "list", "--file", File).FailedWith(ExitCode.Failed, "is not there; expected a file of keys");
        CommandRun.Of("key", "new", "two words", "--file", File).FailedWith(ExitCode.Failed, "NAME is \"two words\"; expected 1 to 64 letters");
        CommandRun.Of("key", "new", "a", "--requests-per-minute", "0", "--file", File).FailedWith(ExitCode.Failed, "--requests-per-minute is 0; expected 1 or more");
        CommandRun.Of("key", "new", "a", "--role", "admin", "--file", File).FailedWith(ExitCode.Misused, "'admin'", "rnn key new --help says more.");
        New("a");
        CommandRun.Of("key", "revoke", "b", "--file", File).FailedWith(ExitCode.Failed, "NAME is \"b\"", "expected one of a");
        System.IO.File.WriteAllText(File, "{");
        CommandRun.Of("key", "new", "c", "--file", File).FailedWith(ExitCode.Failed, "cannot be read; expected JSON");
        Assert.Equal("{", System.IO.File.ReadAllText(File));
    }

    private ServiceKey? Find(string key) => new KeySet(KeyFile.Read(File).Keys).Find(key);

    private string New(params string[] arguments) => CommandRun.Of(["key", "new", .. arguments, "--file", File]).Succeeded().Out.Trim();
}
