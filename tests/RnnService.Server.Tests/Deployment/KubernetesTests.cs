using System.Diagnostics;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using RnnService.Server.Options;

namespace RnnService.Server.Tests.Deployment;

/// <summary>What is shipped to run the service elsewhere is what Kubernetes and the service read: no field or option that they do not know.</summary>
public sealed class KubernetesTests
{
    private const string Kubernetes = "docker/deploy/kubernetes";

    private static readonly Dictionary<string, Type> Custom = new() { ["keda.sh/v1alpha1/ScaledObject"] = typeof(ScaledObject) };

    public static TheoryData<string> Overlays => [.. Directory.GetDirectories(Path.Combine(Repository.Root, Kubernetes, "overlays")).Select(folder => Path.GetFileName(folder))];

    [Fact]
    public void Every_object_has_only_fields_of_its_kind()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, Kubernetes), "*.yaml", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not ("kustomization.yaml" or "alerts.yaml"))];
        Assert.True(files.Length > 10);
        foreach (string file in files) Assert.NotEmpty(Load(File.ReadAllText(file), file));
        Assert.ThrowsAny<Exception>(() => Load("apiVersion: v1\nkind: Service\nmetadata:\n  name: rnn\nspec:\n  prots: []\n", "a wrong one"));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void An_overlay_builds_what_is_safe_and_hangs_together(string overlay)
    {
        List<object> objects = Load(Build(overlay), overlay);
        V1Deployment service = Assert.Single(objects.OfType<V1Deployment>());
        V1PodSpec[] pods = [service.Spec.Template.Spec, .. objects.OfType<V1StatefulSet>().Select(set => set.Spec.Template.Spec)];
        Assert.All(pods, pod =>
        {
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.False(pod.AutomountServiceAccountToken);
            Assert.All(pod.Containers.Concat(pod.InitContainers ?? []), container =>
            {
                Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
                Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
                Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
                Assert.Contains("memory", container.Resources.Limits.Keys);
                // What is mounted is there to be mounted.
                string[] volumes = [.. (pod.Volumes ?? []).Select(volume => volume.Name), .. objects.OfType<V1StatefulSet>().SelectMany(set => set.Spec.VolumeClaimTemplates).Select(claim => claim.Metadata.Name)];
                Assert.All(container.VolumeMounts, mount => Assert.Contains(mount.Name, volumes));
            });
        });

        V1PodSpec own = service.Spec.Template.Spec;
        V1Container rnn = Assert.Single(own.Containers);
        Assert.All(new[] { rnn.LivenessProbe, rnn.ReadinessProbe, rnn.StartupProbe }, probe => Assert.Equal("probes", (string)probe.HttpGet.Port));
        Assert.Equal("/health/ready", rnn.ReadinessProbe.HttpGet.Path);
        // Long enough for both ends of a request, and lingering for a probe that fails once.
        HttpOptions http = new();
        Assert.True(own.TerminationGracePeriodSeconds >= http.LingerSeconds + http.DrainSeconds + 5);
        Assert.True(rnn.ReadinessProbe.PeriodSeconds * rnn.ReadinessProbe.FailureThreshold < http.LingerSeconds);

        IDictionary<string, string> labels = service.Spec.Template.Metadata.Labels;
        IDictionary<string, string>[] selectors = [service.Spec.Selector.MatchLabels, Named<V1Service>().Spec.Selector, Named<V1PodDisruptionBudget>().Spec.Selector.MatchLabels, Named<V1NetworkPolicy>().Spec.PodSelector.MatchLabels];
        Assert.All(selectors, selector => Assert.All(selector, pair => Assert.Equal(pair.Value, labels[pair.Key])));
        // One of the two decides on the number of replicas.
        Assert.Single(objects, one => one is V2HorizontalPodAutoscaler or ScaledObject);

        T Named<T>() where T : IKubernetesObject<V1ObjectMeta> => Assert.Single(objects.OfType<T>(), one => one.Metadata.Name == "rnn");
    }

    [Fact]
    public void Every_option_that_is_set_is_one()
    {
        HashSet<string> known = [.. OptionsReader.Fields.Select(field => field.EnvironmentVariable)];
        string[] files = ["Dockerfile", .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docker"), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))];
        string[] used = [.. files.SelectMany(file => Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, file)), @"\bRnn__\w+").Select(name => name.Value)).Distinct()];
        Assert.True(used.Length > 5);
        Assert.Empty(used.Except(known));
    }

    private static List<object> Load(string text, string name)
    {
        try
        {
            return KubernetesYaml.LoadAllFromString(text, Custom, strict: true);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new InvalidDataException($"{name}: {exception.InnerException?.Message ?? exception.Message}", exception);
        }
    }

    private static string Build(string overlay)
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(path => File.Exists(Path.Combine(path, "kubectl"))), "kubectl is not installed");
        var start = new ProcessStartInfo("kubectl", ["kustomize", Path.Combine(Repository.Root, Kubernetes, "overlays", overlay)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return text;
    }

    /// <summary>KEDA's, as far as it is used.</summary>
    private sealed class ScaledObject : IKubernetesObject<V1ObjectMeta>
    {
        public string ApiVersion { get; set; } = "";

        public string Kind { get; set; } = "";

        public V1ObjectMeta Metadata { get; set; } = new();

        public ScaledObjectSpec Spec { get; set; } = new();
    }

    private sealed class ScaledObjectSpec
    {
        public ScaleTarget ScaleTargetRef { get; set; } = new();

        public int PollingInterval { get; set; }

        public int CooldownPeriod { get; set; }

        public int MinReplicaCount { get; set; }

        public int MaxReplicaCount { get; set; }

        public ScaleFallback Fallback { get; set; } = new();

        public List<ScaleTrigger> Triggers { get; set; } = [];
    }

    private sealed class ScaleTarget
    {
        public string Name { get; set; } = "";
    }

    private sealed class ScaleFallback
    {
        public int FailureThreshold { get; set; }

        public int Replicas { get; set; }
    }

    private sealed class ScaleTrigger
    {
        public string Type { get; set; } = "";

        public Dictionary<string, string> Metadata { get; set; } = [];
    }
}
