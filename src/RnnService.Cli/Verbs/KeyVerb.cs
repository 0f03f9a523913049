using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Server.Keys;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn key</c>: the file of keys that a service lets in.</summary>
internal sealed class KeyVerb : Command
{
    public KeyVerb(Terminal terminal)
        : base("key", "Makes, lists and revokes the keys that a service lets in.")
    {
        Add(new NewVerb(terminal));
        Add(new ListVerb(terminal));
        Add(new RevokeVerb(terminal));
    }

    private static Option<string> FileOption() => new("--file")
    {
        Description = "The file of keys.",
        HelpName = "FILE",
        DefaultValueFactory = _ => "keys.json",
    };

    private static Argument<string> NameArgument(string description) => new("NAME") { Description = description };

    private static void Write(string path, IEnumerable<ServiceKey> keys) => WholeFile.Write(path, new KeyFile { Keys = [.. keys] }.ToJson());

    private sealed class NewVerb : Verb
    {
        private readonly Argument<string> _name = NameArgument("Whose key it is: " + KeyFile.ExpectedName + ".");
        private readonly Option<string> _file = FileOption();

        private readonly Option<KeyRole> _role = new("--role") { Description = "user, or operator for one who may read /metrics and change the service, too." };

        private readonly Option<string[]> _models = new("--models")
        {
            Description = "The only models it may use, separated by spaces; all when left out.",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
        };

        private readonly NumberOption<int> _requests = new("--requests-per-minute") { Description = "Requests it may make a minute; any number when left out." };
        private readonly NumberOption<int> _concurrent = new("--concurrent-requests") { Description = "Its requests that may be answered at the same time; any number when left out." };
        private readonly NumberOption<int> _days = new("--expires-in-days") { Description = "Days after which it is not taken any more; never when left out." };
        private readonly Option<bool> _replace = new("--replace") { Description = "Puts it in the place of the key of this name, which is not taken any more." };

        public NewVerb(Terminal terminal)
            : base(
                terminal, "new", "Makes a key, prints it once, and writes its entry into a file of keys.",
                "The file holds a hash, from which the key cannot be had again. A service that runs with it takes the key within two seconds:\n"
                + "rnn serve --set Rnn:Keys:File=keys.json. Clients send it as Authorization: Bearer KEY.",
                "rnn key new shop",
                "rnn key new shop --models sentiment pos --requests-per-minute 600 --concurrent-requests 8",
                "rnn key new admin --role operator --file /etc/rnn/keys.json",
                "rnn key new trial --expires-in-days 30",
                "rnn key new shop --replace")
        {
            Add(_name);
            Add(_file);
            Add(_role);
            Add(_models);
            Add(_requests);
            Add(_concurrent);
            Add(_days);
            Add(_replace);
        }

        protected override int Run(ParseResult parsed)
        {
            string name = parsed.GetValue(_name)!, path = parsed.GetValue(_file)!, secret = KeySecret.Create();
            if (!KeyFile.IsName(name)) throw new CommandException($"NAME is \"{Listing.Cut(name, 100)}\"; expected {KeyFile.ExpectedName}");
            int? requests = AtLeastOne(parsed, _requests), concurrent = AtLeastOne(parsed, _concurrent), days = AtLeastOne(parsed, _days);
            DateTimeOffset now = DateTimeOffset.UtcNow;
            var key = new ServiceKey
            {
                Name = name,
                Hash = KeySecret.HashOf(secret),
                Role = parsed.GetValue(_role),
                Models = parsed.GetValue(_models) is { Length: > 0 } models ? models : null,
                RequestsPerMinute = requests,
                ConcurrentRequests = concurrent,
                Created = now,
                Expires = days is { } some ? now.AddDays(some) : null,
            };
            IReadOnlyList<ServiceKey> keys = File.Exists(path) ? KeyFile.Read(path).Keys : [];
            if (!parsed.GetValue(_replace) && keys.Any(one => one.Name == name))
                throw new CommandException($"NAME is \"{name}\", which {path} has already; expected another, or --replace");
            Write(path, keys.Where(one => one.Name != name).Append(key));
            Terminal.Error.WriteLine($"{name} is in {path} now; its key, which nothing shows again, is");
            Terminal.Out.WriteLine(secret);
            return ExitCode.Done;
        }

        private static int? AtLeastOne(ParseResult parsed, NumberOption<int> option) => parsed.GetValue(option) is not { } number ? null
            : number >= 1 ? number : throw new CommandException($"{option.Name} is {number}; expected 1 or more");
    }

    private sealed class ListVerb : Verb
    {
        private readonly Option<string> _file = FileOption();
        private readonly Option<bool> _json = new("--json") { Description = "One JSON object a key." };

        public ListVerb(Terminal terminal)
            : base(
                terminal, "list", "Lists the keys of a file.",
                "One line a key, separated by tabs: name, state, role, models, requests a minute and at the same time.",
                "rnn key list",
                "rnn key list --file /etc/rnn/keys.json --json")
        {
            Add(_file);
            Add(_json);
        }

        protected override int Run(ParseResult parsed)
        {
            DateTimeOffset now = DateTimeOffset.UtcNow;
            foreach (ServiceKey key in KeyFile.Read(parsed.GetValue(_file)!).Keys)
            {
                string state = key.Disabled ? "revoked" : key.Expires is not { } end ? "valid" : end <= now ? "expired" : $"valid until {end:yyyy-MM-dd}";
                string[] models = key.Models is { } some ? [.. some] : [];
                if (parsed.GetValue(_json))
                {
                    Terminal.Out.WriteJson(new { key.Name, State = state, Role = SnakeCase.Of(key.Role), key.Models, key.RequestsPerMinute, key.ConcurrentRequests, key.Created, key.Expires });
                    continue;
                }

                Terminal.Out.WriteLine(string.Join('\t', key.Name, state, SnakeCase.Of(key.Role), models.Length > 0 ? string.Join(' ', models) : "all models",
                    key.RequestsPerMinute is { } rate ? $"{rate} a minute" : "any rate", key.ConcurrentRequests is { } most ? $"{most} at a time" : "any number at a time"));
            }

            return ExitCode.Done;
        }
    }

    private sealed class RevokeVerb : Verb
    {
        private readonly Argument<string> _name = NameArgument("Whose key is not taken any more.");
        private readonly Option<string> _file = FileOption();

        public RevokeVerb(Terminal terminal)
            : base(
                terminal, "revoke", "Revokes a key of a file.",
                "Its entry stays, so that who sends the key is told that it was revoked. A service that runs with the file refuses it within two seconds.",
                "rnn key revoke shop",
                "rnn key revoke shop --file /etc/rnn/keys.json")
        {
            Add(_name);
            Add(_file);
        }

        protected override int Run(ParseResult parsed)
        {
            string name = parsed.GetValue(_name)!, path = parsed.GetValue(_file)!;
            IReadOnlyList<ServiceKey> keys = KeyFile.Read(path).Keys;
            if (!keys.Any(key => key.Name == name))
                throw new CommandException($"NAME is \"{Listing.Cut(name, 100)}\", which {path} does not have; expected one of {Listing.Of([.. keys.Select(key => key.Name)])}");
            Write(path, keys.Select(key => key.Name == name ? key with { Disabled = true } : key));
            Terminal.Error.WriteLine($"{name} is revoked in {path}");
            return ExitCode.Done;
        }
    }
}
