using RnnService.Tests;
using Xunit;

namespace RnnService.Engine.Tests.Architecture;

public class DependencyTests
{
    [Fact]
    public void The_source_keeps_to_the_tables()
    {
        var tree = SourceTree.Read(SourceTree.RepositoryRoot);

        Assert.Contains(tree.Files, file => file.Path == "src/RnnService.Engine/Weights/SafeTensorsFile.cs");
        Assert.Contains(tree.BuildFiles, file => file.Path == "src/RnnService.Engine/RnnService.Engine.csproj");
        IReadOnlyList<string> violations = DependencyRules.Violations(tree);
        Assert.True(violations.Count == 0, string.Join(Environment.NewLine, violations));
    }

    [Fact]
    public void The_page_on_architecture_lists_the_storeys() => Repository.CompareSection(
        "docs/architecture.md", "storeys",
        "| project | its folders, the lowest first |\n|---|---|\n" + string.Concat(DependencyRules.Storeys.Select(project =>
            $"| `{project.Key}` | {string.Join(" → ", project.Value.Select(folder => folder.Length == 0 ? "the project itself" : folder.Replace('.', '/')))} |\n")));

    /// <summary>The tree in TestData breaks every rule once or more, and holds a file that only looks as if it did.</summary>
    [Fact]
    public void Every_deliberate_violation_is_found_and_nothing_else()
    {
        string[] expected =
        [
            "src/RnnService.AspNetCore/Queues/Queue.cs:1: folder RnnService.AspNetCore.Queues is not in the table",
            "src/RnnService.AspNetCore/RnnService.AspNetCore.csproj:1: RnnService.AspNetCore must not refer to RnnService.Server",
            "src/RnnService.AspNetCore/Scheduling/Batcher.cs:1: RnnService.AspNetCore.Scheduling must not use RnnService.AspNetCore.Models",
            "src/RnnService.AspNetCore/Scheduling/Batcher.cs:2: RnnService.AspNetCore.Scheduling must not use RnnService.Engine.Layers",
            "src/RnnService.Cli/Program.cs:2: RnnService.Cli must not use RnnService.AspNetCore.Scheduling",
            "src/RnnService.Cli/RnnService.Cli.csproj:1: RnnService.Cli must not refer to RnnService.AspNetCore",
            "src/RnnService.Cli/Shell/Terminal.cs:1: RnnService.Cli.Shell must not use RnnService.Cli.Verbs",
            "src/RnnService.Engine/Cells/Lstm.cs:8: RnnService.Engine.Cells must not use RnnService.Engine.Layers",
            "src/RnnService.Engine/Cells/Lstm.cs:10: RnnService.Engine.Cells must not use System.Runtime.Intrinsics",
            "src/RnnService.Engine/Kernels/MatrixProduct.cs:2: RnnService.Engine.Kernels must not use RnnService.Engine.Weights",
            "src/RnnService.Engine/Layers/Stack.cs:2: RnnService.Engine.Layers must not use RnnService.Engine.Models",
            "src/RnnService.Engine/Layers/Stack.cs:8: unsafe code outside RnnService.Engine.Kernels",
            "src/RnnService.Engine/Misc/Things.cs:1: folder RnnService.Engine.Misc is not in the table",
            "src/RnnService.Engine/ModelFolder.cs:1: folder RnnService.Engine is not in the table",
            "src/RnnService.Engine/Networks/Heads/Scores.cs:5: RnnService.Engine.Networks.Heads must not use RnnService.Engine.Networks",
            "src/RnnService.Engine/Networks/Inputs/Numbers.cs:2: RnnService.Engine.Networks.Inputs must not use RnnService.Engine.Networks.Heads",
            "src/RnnService.Engine/Networks/TaggerNetwork.cs:2: RnnService.Engine.Networks must not use RnnService.Engine.Models",
            "src/RnnService.Engine/Networks/TaggerNetwork.cs:8: RnnService.Engine.Networks must not use RnnService.Engine.Models",
            "src/RnnService.Engine/RnnService.Engine.csproj:1: RnnService.Engine must not refer to RnnService.Training",
            "src/RnnService.Engine/Text/Words.cs:5: RnnService.Engine.Text must not use RnnService.Engine",
            "src/RnnService.Engine/Weights/Matrix.cs:5: RnnService.Engine.Weights must not use RnnService.Engine.Cells",
            "src/RnnService.Onnx/Export.cs:1: folder RnnService.Onnx is not in the table",
            "src/RnnService.Onnx/Export.cs:1: types without a namespace stand in the folder of RnnService.Onnx",
            "src/RnnService.Onnx/Export.cs:2: RnnService.Onnx must not use RnnService.Training",
            "src/RnnService.Server/Endpoints/Tagging.cs:7: RnnService.Server.Endpoints must not use RnnService.Engine.Cells",
            "src/RnnService.Server/Program.cs:2: RnnService.Server must not use RnnService.Engine.Layers",
            "src/RnnService.Server/Program.cs:7: RnnService.Server must not use RnnService.Engine.Weights",
            "src/RnnService.Server/Requests/Reader.cs:3: RnnService.Server.Requests must not use RnnService.Server.Endpoints",
            "src/RnnService.Tools/RnnService.Tools.csproj:1: project RnnService.Tools is not in the table",
            "src/RnnService.Training/Corpora/Reader.cs:1: RnnService.Training.Corpora must not use RnnService.Onnx",
            "src/RnnService.Training/Corpora/Reader.cs:1: RnnService.Training.Corpora must not use RnnService.Training.Runs",
            "src/RnnService.Training/RnnService.Training.csproj:1: RnnService.Training must not refer to RnnService.Onnx",
            "src/RnnService.Training/Trainer.cs:1: RnnService.Training must not use RnnService.Onnx",
            "src/RnnService.Training/Trainer.cs:1: namespace RnnService.Training.Loops stands in the folder of RnnService.Training",
        ];

        var tree = SourceTree.Read(Path.Combine(AppContext.BaseDirectory, "TestData", "architecture"), ".txt");

        Assert.Equal(expected, DependencyRules.Violations(tree));
    }

    /// <summary>Ways to reach the type Thing of another folder; the first word of a relative name is looked up as C# does.</summary>
    public static TheoryData<string> WaysToName =>
    [
        "using {0}; namespace {1}; class User;",
        "namespace {1}; using {0}; class User;",
        "using static {0}.Thing; namespace {1}; class User;",
        "using Other = {0}.Thing; namespace {1}; class User;",
        "global using {0}; namespace {1}; class User;",
        "global using static global::{0}.Thing; namespace {1}; class User;",
        "namespace {1}; class User {{ {0}.Thing? _thing; }}",
        "namespace {1}; class User {{ global::{0}.Thing? _thing; }}",
        "namespace {1}; class User {{ List<{0}.Thing> _things = []; }}",
        "namespace {1}; [{0}.Thing] class User;",
        "namespace {1} {{ class User : {0}.Thing; }}",
        "namespace {1}; class User {{ string Name => $\"a {{typeof({0}.Thing):x}}\"; }}",
        "namespace {1}; class User {{ string Name => $$\"\"\"a {{{{typeof({0}.Thing)}}}} \"b\" \"\"\"; }}",
        "namespace {1};\n#if NEVER\nclass User : {0}.Thing;\n#endif\n",
        // "RnnService" is an enclosing namespace of every file: what follows it can be named from there.
        "namespace {1}; class User {{ {2}.Thing? _thing; }}",
    ];

    [Theory]
    [MemberData(nameof(WaysToName))]
    public void A_folder_is_seen_however_it_is_named(string way)
    {
        foreach (string project in DependencyRules.Storeys.Keys)
        {
            string[] folders = [.. DependencyRules.Folders.Keys.Where(folder => folder == project || folder.StartsWith(project + "."))];
            foreach (string user in folders)
            {
                foreach (string used in folders)
                    Assert.Equal(user != used && !DependencyRules.Folders[user].Contains(used), IsViolation(way, user, used));
            }
        }
    }

    [Fact]
    public void No_two_folders_use_each_other()
    {
        foreach ((string user, string[] below) in DependencyRules.Folders)
            Assert.DoesNotContain(below, used => DependencyRules.Folders[used].Contains(user));
    }

    [Theory]
    [MemberData(nameof(WaysToName))]
    public void A_project_is_seen_however_it_is_named(string way)
    {
        foreach ((string user, string[] allowed) in DependencyRules.Projects)
        {
            foreach (string used in DependencyRules.Projects.Keys)
                Assert.Equal(user != used && !allowed.Contains(used), IsViolation(way, TopOf(user), TopOf(used)));
        }

        static string TopOf(string project) =>
            DependencyRules.Folders.Keys.LastOrDefault(folder => folder.StartsWith(project + ".", StringComparison.Ordinal), project);
    }

    [Theory]
    [MemberData(nameof(WaysToName))]
    public void The_server_sees_the_upper_storeys_of_the_engine_however_it_names_them(string way)
    {
        foreach (string used in DependencyRules.Folders.Keys.Where(folder => folder.StartsWith("RnnService.Engine.")))
        {
            foreach (string user in (string[])["RnnService.Server.Endpoints", "RnnService.AspNetCore.Models"])
                Assert.Equal(!DependencyRules.SeenByServer.Contains(used), IsViolation(way, user, used));
        }
    }

    [Fact]
    public void A_type_of_an_enclosing_namespace_needs_no_using_to_be_seen()
    {
        const string user = "RnnService.Engine.Text", used = "RnnService.Engine";
        Assert.Contains(Violations($"namespace {user}; class User {{ Thing? _thing; }}", user, used), IsOfUser);
        // A type of the same name in the file's own folder hides it.
        Assert.DoesNotContain(Violations($"namespace {user}; class User {{ Thing? _thing; class Thing; }}", user, used), IsOfUser);

        static bool IsOfUser(string violation) => violation.Contains("User.cs", StringComparison.Ordinal);
    }

    [Fact]
    public void A_using_for_a_whole_project_counts_in_each_of_its_folders()
    {
        var tree = SourceTree.Of(
        [
            ("src/RnnService.Engine/Layers/Usings.cs", "global using RnnService.Engine.Cells;"),
            ("src/RnnService.Engine/Layers/Stack.cs", "namespace RnnService.Engine.Layers; class Stack;"),
            ("src/RnnService.Engine/Text/Words.cs", "namespace RnnService.Engine.Text; class Words;"),
        ]);
        Assert.Equal(
            ["src/RnnService.Engine/Text/Words.cs:1: RnnService.Engine.Text must not use RnnService.Engine.Cells"],
            DependencyRules.Violations(tree));
    }

    [Fact]
    public void A_reference_in_shared_properties_counts_for_each_project_below()
    {
        var tree = SourceTree.Of(
        [
            ("Directory.Build.props", """<Project><ItemGroup><PackageReference Include="RnnService.Onnx" /></ItemGroup></Project>"""),
            ("src/RnnService.Engine/RnnService.Engine.csproj", "<Project />"),
            ("src/RnnService.Server/RnnService.Server.csproj", "<Project />"),
        ]);
        Assert.Equal(
            ["Directory.Build.props:1: RnnService.Engine must not refer to RnnService.Onnx"], DependencyRules.Violations(tree));
    }

    [Fact]
    public void A_namespace_equals_its_folder_in_tests_too()
    {
        var tree = SourceTree.Of(
        [
            ("tests/RnnService.Engine.Tests/Weights/Right.cs", "namespace RnnService.Engine.Tests.Weights; class Right;"),
            ("tests/RnnService.Engine.Tests/Weights/Wrong.cs", "namespace RnnService.Engine.Tests { class Wrong; }"),
            ("tests/RnnService.Engine.Tests/Usings.cs", "global using Xunit;"),
        ]);
        Assert.Equal(
            [
                "tests/RnnService.Engine.Tests/Weights/Wrong.cs:1: namespace RnnService.Engine.Tests stands in the folder of "
                + "RnnService.Engine.Tests.Weights",
            ],
            DependencyRules.Violations(tree));
    }

    private static bool IsViolation(string way, string user, string used) =>
        Violations(string.Format(way, used, user, used["RnnService.".Length..]), user, used)
            .Any(violation => violation.Contains("User.cs", StringComparison.Ordinal));

    private static IReadOnlyList<string> Violations(string code, string user, string used) => DependencyRules.Violations(SourceTree.Of(
    [
        ($"src/{FolderOf(user)}/User.cs", code),
        ($"src/{FolderOf(used)}/Thing.cs", $"namespace {used}; public class Thing;"),
    ]));

    private static string FolderOf(string ns)
    {
        string[] parts = ns.Split('.');
        return string.Join('/', [$"{parts[0]}.{parts[1]}", .. parts[2..]]);
    }
}
