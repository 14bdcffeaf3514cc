using FirstCome.TestKit;
using k8s;
using k8s.Models;
using YamlDotNet.RepresentationModel;

namespace FirstCome.ContainersTests;

/// <summary>The files of <c>kubernetes/</c>, every document loaded strictly: a field that its kind does not have fails. And what compose.yaml says of the same services.</summary>
internal sealed class Manifests
{
    private static readonly Dictionary<string, Type> s_kinds = new()
    {
        ["v1/Namespace"] = typeof(V1Namespace),
        ["v1/ConfigMap"] = typeof(V1ConfigMap),
        ["v1/Service"] = typeof(V1Service),
        ["v1/PersistentVolumeClaim"] = typeof(V1PersistentVolumeClaim),
        ["apps/v1/Deployment"] = typeof(V1Deployment),
        ["apps/v1/StatefulSet"] = typeof(V1StatefulSet),
        ["policy/v1/PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
        ["autoscaling/v2/HorizontalPodAutoscaler"] = typeof(V2HorizontalPodAutoscaler),
        ["networking.k8s.io/v1/Ingress"] = typeof(V1Ingress),
        ["networking.k8s.io/v1/NetworkPolicy"] = typeof(V1NetworkPolicy),
    };

    private Manifests(IReadOnlyList<object> documents) => Documents = documents;

    public IReadOnlyList<object> Documents { get; }

    public IEnumerable<Workload> Workloads =>
        Of<V1Deployment>().Select(found => new Workload(found.Kind, found.Metadata, found.Spec.Selector, found.Spec.Template))
            .Concat(Of<V1StatefulSet>().Select(found => new Workload(found.Kind, found.Metadata, found.Spec.Selector, found.Spec.Template)));

    public static Manifests Load() => new([.. Directory.GetFiles(Path.Combine(Root, "kubernetes"), "*.yaml").Order().SelectMany(file => Parse(File.ReadAllText(file)))]);

    public static List<object> Parse(string text) => KubernetesYaml.LoadAllFromString(text, s_kinds, strict: true);

    public IEnumerable<T> Of<T>() => Documents.OfType<T>();

    /// <summary>Of every service that compose.yaml builds, without profiles, the names of its environment.</summary>
    public static Dictionary<string, HashSet<string>> ComposedSettings()
    {
        var stream = new YamlStream();
        using var reader = new StringReader(File.ReadAllText(Path.Combine(Root, "compose.yaml")));
        stream.Load(reader);
        return Keys(stream.Documents[0].RootNode["services"]).ToDictionary(service => service.Key, service => Keys(service.Value))
            .Where(service => service.Value.ContainsKey("build") && !service.Value.ContainsKey("profiles"))
            .ToDictionary(service => service.Key, service => Keys(service.Value["environment"]).Keys.ToHashSet());
    }

    // With what is merged into the mapping by "<<"; its own keys win.
    private static Dictionary<string, YamlNode> Keys(YamlNode mapping)
    {
        var keys = new Dictionary<string, YamlNode>();
        var children = ((YamlMappingNode)mapping).Children;
        if (children.TryGetValue("<<", out var merged))
        {
            foreach (var (key, value) in (merged is YamlSequenceNode several ? several.Children : [merged]).SelectMany(Keys)) { keys.TryAdd(key, value); }
        }
        foreach (var (key, value) in children.Where(child => child.Key.ToString() != "<<")) { keys[key.ToString()] = value; }
        return keys;
    }

    private static string Root => ProjectRoot.Folder;
}

/// <summary>A Deployment or a StatefulSet.</summary>
internal sealed record Workload(string Kind, V1ObjectMeta Metadata, V1LabelSelector Selector, V1PodTemplateSpec Template)
{
    public V1Container Container => Template.Spec.Containers.Single();
}
