namespace RnnService.Engine.Tests.Architecture;

/// <summary>Who may use whom: the tables of docs/architecture, and what a source tree does against them.</summary>
internal sealed class DependencyRules
{
    private const string Root = "RnnService";
    private const string Engine = "RnnService.Engine";
    private const string Audio = "RnnService.Audio";
    private const string Onnx = "RnnService.Onnx";
    private const string Training = "RnnService.Training";
    private const string AspNetCore = "RnnService.AspNetCore";
    private const string Server = "RnnService.Server";
    private const string Cli = "RnnService.Cli";
    private const string Kernels = "RnnService.Engine.Kernels";
    private const string Intrinsics = "System.Runtime.Intrinsics";

    /// <summary>Project to the projects it may use.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Projects = new Dictionary<string, string[]>
    {
        [Engine] = [],
        [Audio] = [Engine],
        [Training] = [Engine, Audio],
        [Onnx] = [Engine],
        [AspNetCore] = [Engine, Audio, Onnx],
        [Server] = [Engine, Audio, Onnx, AspNetCore],
        [Cli] = [Engine, Audio, Training, Onnx, Server], // it serves with the service itself
    };

    /// <summary>
    /// The folders of each project as storeys, lowest first: each may use those before it, so that no two use each other. "" is the project's
    /// own namespace, which only what puts a project together stands in.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string[]> Storeys = new Dictionary<string, string[]>
    {
        [Engine] = ["Kernels", "Text", "Weights", "Cells", "Layers", "Networks.Inputs", "Networks.Heads", "Networks", "Generation.Grammars", "Generation", "Models"],
        [Audio] = ["", "Music"],
        [Training] = ["Threading", "Corpora", "Log", "Curves", "Recipes", "Evaluation", "Optimizers", "Objectives", "Cards", "Runs", "Tuning", "Comparison.Tasks", "Comparison.Figures", "Comparison.Experiments", "Comparison", ""],
        [Onnx] =
        [
            "Format", "Comparison", "Runtime.Sessions", "Runtime.Signatures", "Runtime.Runs", "Runtime.Probing", "Runtime", "Export",
            "Import.Files", "Import.Config", "Import.Weights", "Import.Graph.Symbols", "Import.Graph.Operators", "Import.Graph", "Import.Checks", "Import",
        ],
        [AspNetCore] = ["Options", "Errors", "Diagnostics", "Scheduling", "Models", ""],
        [Server] = ["Options", "Requests", "Keys", "Models", "Sessions", "Endpoints", "Endpoints.HuggingFace", "Endpoints.OpenAi", "Endpoints.OpenInference", "Endpoints.Streams", "OpenApi", "Hosting", ""],
        [Cli] = ["Shell", "Arguments", "Output", "Verbs", ""],
    };

    /// <summary>Folder to the folders of its own project that it may use.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Folders = Storeys
        .SelectMany(project => project.Value.Select((folder, at) => (Name: NameOf(project.Key, folder),
            Below: project.Value[..at].Select(below => NameOf(project.Key, below)).ToArray())))
        .ToDictionary(row => row.Name, row => row.Below);

    /// <summary>What of Engine the service sees: of networks, how they fail.</summary>
    public static readonly IReadOnlyList<string> SeenByServer =
        ["RnnService.Engine.Text", "RnnService.Engine.Networks", "RnnService.Engine.Generation.Grammars", "RnnService.Engine.Generation",
            "RnnService.Engine.Models"];

    private readonly SourceTree _tree;
    private readonly HashSet<string> _namespaces;
    private readonly ILookup<string, string> _typesOf;

    private DependencyRules(SourceTree tree)
    {
        _tree = tree;
        SourceFile[] sources = [.. tree.Files.Where(IsProduct)];
        _typesOf = sources.SelectMany(file => file.Types.Select(type => (file.FolderNamespace, type)))
            .Distinct().ToLookup(pair => pair.FolderNamespace, pair => pair.type);
        _namespaces = [Root, .. Projects.Keys, .. Folders.Keys, .. sources.Select(file => file.FolderNamespace), Intrinsics];
    }

    /// <summary>Every violation in the tree as "file:line: what", ordered.</summary>
    public static IReadOnlyList<string> Violations(SourceTree tree)
    {
        var rules = new DependencyRules(tree);
        return
        [
            .. rules._tree.BuildFiles.SelectMany(rules.CheckReferences)
                .Concat(rules._tree.Files.SelectMany(rules.CheckFile))
                .Distinct()
                .OrderBy(found => found.File, StringComparer.Ordinal).ThenBy(found => found.Line)
                .ThenBy(found => found.Problem, StringComparer.Ordinal)
                .Select(found => $"{found.File}:{found.Line}: {found.Problem}"),
        ];
    }

    private static bool IsProduct(SourceFile file) => file.Path.StartsWith("src/", StringComparison.Ordinal);

    // A project's name is its folder's, which MSBuild takes for the assembly too.
    private static string ProjectOf(string path) => path.Split('/')[1];

    private IEnumerable<(string File, int Line, string Problem)> CheckReferences(BuildFile file)
    {
        // What a file of properties adds is added to every product project below it.
        var projects = _tree.BuildFiles.Where(other => other.IsProject && other.Path.StartsWith("src/", StringComparison.Ordinal))
            .Where(project => project == file || !file.IsProject && project.Path.StartsWith(file.Folder, StringComparison.Ordinal))
            .Select(project => ProjectOf(project.Path));
        foreach (string project in projects)
        {
            if (!Projects.TryGetValue(project, out string[]? allowed))
            {
                yield return (file.Path, 1, $"project {project} is not in the table");
                continue;
            }

            var references = file.Content.Descendants()
                .Where(element => element.Name.LocalName is "ProjectReference" or "PackageReference" or "Reference")
                .Select(element => NameOf(element.Attribute("Include")?.Value ?? ""))
                .Where(name => name.StartsWith(Root + ".", StringComparison.Ordinal));
            foreach (string name in references.Where(name => !allowed.Contains(name)))
                yield return (file.Path, 1, $"{project} must not refer to {name}");
        }

        static string NameOf(string include)
        {
            string name = include.Split('/', '\\')[^1];
            return name.EndsWith(".csproj", StringComparison.Ordinal) ? name[..^".csproj".Length] : name;
        }
    }

    private IEnumerable<(string File, int Line, string Problem)> CheckFile(SourceFile file)
    {
        foreach (string declared in file.Namespaces.Where(declared => declared != file.FolderNamespace))
            yield return (file.Path, 1, $"namespace {declared} stands in the folder of {file.FolderNamespace}");
        // Only a program's top-level statements and assembly-wide directives do without a namespace.
        if (file.Namespaces.Count == 0 && file.Types.Any(type => type != "Program"))
            yield return (file.Path, 1, $"types without a namespace stand in the folder of {file.FolderNamespace}");
        if (!IsProduct(file)) yield break;

        if (Storeys.ContainsKey(ProjectOf(file.Path)) && !Folders.ContainsKey(file.FolderNamespace))
            yield return (file.Path, 1, $"folder {file.FolderNamespace} is not in the table");
        foreach (NameUse name in file.Names.Where(name => !file.GlobalUsings.Contains(name)).Concat(GlobalUsingsOf(file)))
        {
            if (name.Parts is ["unsafe"] && file.FolderNamespace != Kernels)
                yield return (file.Path, name.Line, $"unsafe code outside {Kernels}");
            foreach (string used in Resolve(file, name))
            {
                if (Forbids(file.FolderNamespace, used)) yield return (file.Path, name.Line, $"{file.FolderNamespace} must not use {used}");
            }
        }
    }

    // Using directives for a whole project act on each of its files, wherever they are written. Their lines are in other files: line 1.
    private IEnumerable<NameUse> GlobalUsingsOf(SourceFile file)
    {
        string project = ProjectOf(file.Path);
        var written = _tree.Files.Where(other => IsProduct(other) && ProjectOf(other.Path) == project)
            .SelectMany(other => other.GlobalUsings).Select(use => use.Parts);
        var built = _tree.BuildFiles.Where(build => file.Path.StartsWith(build.Folder, StringComparison.Ordinal))
            .SelectMany(build => build.Content.Descendants().Where(element => element.Name.LocalName == "Using"))
            .Select(element => (element.Attribute("Include")?.Value ?? "").Split('.'));
        return written.Concat(built).Select(parts => new NameUse(parts, 1, IsDirective: true));
    }

    /// <summary>The namespaces of ours a name leads to, as C# would look it up from inside this file.</summary>
    private IEnumerable<string> Resolve(SourceFile file, NameUse name)
    {
        string[] parts = file.Aliases.TryGetValue(name.Parts[0], out string[]? target) && !name.IsDirective
            ? [.. target, .. name.Parts[1..]]
            : name.Parts;
        bool certain = name.IsDirective || parts[0] == Root || target is not null;
        string enclosing = file.Namespaces.FirstOrDefault("");
        while (true)
        {
            string[] full = enclosing.Length == 0 ? parts : [.. enclosing.Split('.'), .. parts];
            int inside = full.Length - parts.Length;
            int length = full.Length;
            while (length > inside && !_namespaces.Contains(string.Join('.', full[..length]))) length--;
            if (length > inside)
            {
                string found = string.Join('.', full[..length]);
                // "Layers.Count" is a property unless Layers holds a type Count.
                if (certain || found == Intrinsics || length < full.Length && _typesOf[found].Contains(full[length])) return [found];
            }

            // A type of an enclosing namespace needs no using directive; one of the file's own namespace hides it.
            if (!name.IsDirective && enclosing.Length > 0 && _typesOf[enclosing].Contains(parts[0])) return [enclosing];
            if (enclosing.Length == 0) return [];
            enclosing = enclosing.Contains('.') ? enclosing[..enclosing.LastIndexOf('.')] : "";
        }
    }

    private static bool Forbids(string user, string used)
    {
        if (used == Intrinsics) return user != Kernels;
        if (used == Root) return false;
        string from = string.Join('.', user.Split('.').Take(2)), to = string.Join('.', used.Split('.').Take(2));
        if (from == to) return used != user && Folders.TryGetValue(user, out string[]? below) && !below.Contains(used);
        return !(Projects.TryGetValue(from, out string[]? projects) && projects.Contains(to))
            || to == Engine && (from is Server or AspNetCore) && !SeenByServer.Contains(used);
    }

    private static string NameOf(string project, string folder) => folder.Length == 0 ? project : $"{project}.{folder}";
}
