using System.Diagnostics.Metrics;
using FirstCome.Contracts.Messages;
using FirstCome.IssueWorker.Recording;
using k8s.Models;
using Xunit;

namespace FirstCome.ContainersTests;

/// <summary>What can be said of <c>kubernetes/</c> without a cluster: the files are loaded, and compared with compose.yaml and with each other.</summary>
public sealed class KubernetesTests
{
    // Given by Kubernetes alone: an address of the pod's own, time for endpoints to follow, and a proxy in front of the gateway.
    private static readonly HashSet<string> s_ofKubernetes = ["POD_IP", "POD_NAME", "Service__DeregistrationDelay", "Gateway__TrustedProxies__0"];

    private static readonly Manifests s_manifests = Manifests.Load();

    [Fact]
    public void A_field_that_no_kind_has_is_refused() => Assert.ThrowsAny<Exception>(() => Manifests.Parse(
        """
        apiVersion: v1
        kind: Service
        metadata: { name: gateway }
        spec: { selectors: { app: gateway } }
        """));

    [Fact]
    public void Every_document_is_loaded_into_the_namespace()
    {
        Assert.Single(s_manifests.Of<V1Namespace>());
        var names = s_manifests.Documents.Cast<k8s.IKubernetesObject<V1ObjectMeta>>().Where(document => document is not V1Namespace).ToList();
        Assert.All(names, document => Assert.Equal("firstcome", document.Metadata.NamespaceProperty));
        Assert.Distinct(names.Select(document => (document.Kind, document.Metadata.Name)));
        Assert.DoesNotContain(s_manifests.Documents, document => document is V1Secret);
    }

    [Fact]
    public void Every_service_of_compose_has_a_workload_that_is_given_the_same_settings()
    {
        var composed = Manifests.ComposedSettings();
        Assert.Equal(9, composed.Count);
        Assert.Equal(composed.Keys.Order(), s_manifests.Workloads.Select(workload => workload.Metadata.Name).Order());
        foreach (var workload in s_manifests.Workloads)
        {
            var given = workload.Container.Env.Select(variable => variable.Name).ToHashSet();
            Assert.Equal(composed[workload.Metadata.Name].Order(), given.Except(s_ofKubernetes).Order());
            Assert.Equal($"firstcome/{workload.Metadata.Name}:local", workload.Container.Image);
        }
    }

    [Fact]
    public void What_settings_refer_to_is_there_and_secrets_are_told_in_the_README()
    {
        var maps = s_manifests.Of<V1ConfigMap>().ToDictionary(map => map.Metadata.Name, map => map.Data);
        var readme = File.ReadAllText(Path.Combine(TestKit.ProjectRoot.Folder, "kubernetes", "README.md"));
        foreach (var variable in s_manifests.Workloads.SelectMany(workload => workload.Container.Env))
        {
            if (variable.ValueFrom?.ConfigMapKeyRef is { } map) { Assert.Contains(map.Key, maps[map.Name]); }
            if (variable.ValueFrom?.SecretKeyRef is { } secret)
            {
                Assert.Contains($"secret generic {secret.Name} ", readme, StringComparison.Ordinal);
                Assert.Contains($"{secret.Key}=", readme, StringComparison.Ordinal);
            }
            // A password is never in the file itself.
            if (variable.Name.EndsWith("Password", StringComparison.Ordinal) || variable.Name is "Service__Key" or "FIRSTCOME_ACCOUNTS") { Assert.NotNull(variable.ValueFrom?.SecretKeyRef); }
        }
    }

    [Fact]
    public void Every_workload_is_probed_bounded_and_nobody_in_particular()
    {
        foreach (var workload in s_manifests.Workloads)
        {
            var (container, pod) = (workload.Container, workload.Template.Spec);
            Assert.Equal("/health", container.StartupProbe.HttpGet.Path);
            Assert.Equal("/health/live", container.ReadinessProbe.HttpGet.Path);
            Assert.Equal("/health/live", container.LivenessProbe.HttpGet.Path);
            Assert.All([container.StartupProbe, container.ReadinessProbe, container.LivenessProbe], probe => Assert.Equal("http", probe.HttpGet.Port.Value));
            Assert.Equal(8080, Assert.Single(container.Ports, port => port.Name == "http").ContainerPort);
            Assert.Equal(["cpu", "memory"], container.Resources.Limits.Keys.Order());
            Assert.Equal(["cpu", "memory"], container.Resources.Requests.Keys.Order());
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.Equal(1654, pod.SecurityContext.RunAsUser);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.False(pod.AutomountServiceAccountToken);
            Assert.Contains(container.VolumeMounts, mount => mount.MountPath == "/tmp");
            // Later variables may name earlier ones only.
            var (own, url) = workload.Metadata.Name == "discovery-server" ? ("POD_NAME", "http://$(POD_NAME).discovery-server:8080") : ("POD_IP", "http://$(POD_IP):8080");
            Assert.Equal(own, container.Env[0].Name);
            Assert.Equal(url, container.Env.Single(variable => variable.Name == "Service__AdvertisedUrl").Value);
        }
        Assert.All(s_manifests.Of<V1Deployment>(), deployment => Assert.Equal("0", deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.Value));
    }

    [Fact]
    public void The_registries_are_each_others_peers_and_all_services_know_each_of_them()
    {
        var maps = s_manifests.Of<V1ConfigMap>().ToDictionary(map => map.Metadata.Name, map => map.Data);
        var registries = s_manifests.Of<V1StatefulSet>().Single(set => set.Metadata.Name == "discovery-server");
        Assert.Equal(2, registries.Spec.Replicas);
        var urls = Enumerable.Range(0, 2).Select(ordinal => $"http://discovery-server-{ordinal}.{registries.Spec.ServiceName}:8080/eureka");
        Assert.Equal(string.Join(',', urls), maps["platform"]["Eureka__ServerUrls"]);
        Assert.Equal(maps["platform"]["Eureka__ServerUrls"], maps["discovery-server"]["Discovery__Peers"]);
        // Without it a pod's name leads nowhere until it is ready, and no peer could be asked at a common start.
        Assert.True(s_manifests.Of<V1Service>().Single(service => service.Metadata.Name == "discovery-server").Spec.PublishNotReadyAddresses);
    }

    [Fact]
    public void A_pod_is_given_longer_to_end_than_it_takes()
    {
        var delay = TimeSpan.Parse(s_manifests.Of<V1ConfigMap>().Single(map => map.Metadata.Name == "platform").Data["Service__DeregistrationDelay"], System.Globalization.CultureInfo.InvariantCulture);
        var takes = delay + new ServiceDefaults.ServiceOptions().DrainTimeout + TimeSpan.FromSeconds(3);
        Assert.All(s_manifests.Workloads, workload => Assert.True(TimeSpan.FromSeconds(workload.Template.Spec.TerminationGracePeriodSeconds ?? 0) > takes));
    }

    [Fact]
    public void Every_workload_has_a_service_and_a_budget_that_select_it()
    {
        foreach (var workload in s_manifests.Workloads)
        {
            var labels = workload.Template.Metadata.Labels;
            Assert.All(workload.Selector.MatchLabels, label => Assert.Equal(label.Value, labels[label.Key]));
            var service = Assert.Single(s_manifests.Of<V1Service>(), service => service.Metadata.Name == workload.Metadata.Name);
            Assert.All(service.Spec.Selector, label => Assert.Equal(label.Value, labels[label.Key]));
            Assert.Equal(8080, Assert.Single(service.Spec.Ports).Port);
            var budget = Assert.Single(s_manifests.Of<V1PodDisruptionBudget>(), budget => budget.Metadata.Name == workload.Metadata.Name);
            Assert.All(budget.Spec.Selector.MatchLabels, label => Assert.Equal(label.Value, labels[label.Key]));
            var mounted = workload.Container.VolumeMounts.Select(mount => mount.Name);
            var claimed = s_manifests.Of<V1StatefulSet>().Where(set => set.Metadata.Name == workload.Metadata.Name).SelectMany(set => set.Spec.VolumeClaimTemplates).Select(claim => claim.Metadata.Name);
            Assert.Equal(mounted.Order(), workload.Template.Spec.Volumes.Select(volume => volume.Name).Concat(claimed).Order());
        }
    }

    [Fact]
    public void Autoscalers_point_to_workloads_without_a_number_of_their_own()
    {
        var scalers = s_manifests.Of<V2HorizontalPodAutoscaler>().ToDictionary(scaler => scaler.Metadata.Name);
        Assert.Equal(["issue-service", "issue-worker"], scalers.Keys.Order());
        foreach (var scaler in scalers.Values)
        {
            var target = Assert.Single(s_manifests.Of<V1Deployment>(), deployment => deployment.Metadata.Name == scaler.Spec.ScaleTargetRef.Name);
            Assert.Equal(("apps/v1", "Deployment"), (scaler.Spec.ScaleTargetRef.ApiVersion, scaler.Spec.ScaleTargetRef.Kind));
            Assert.Null(target.Spec.Replicas);
        }
        Assert.Equal("cpu", Assert.Single(scalers["issue-service"].Spec.Metrics).Resource.Name);
        Assert.Equal(Topics.CouponClaims.Partitions, scalers["issue-worker"].Spec.MaxReplicas);
    }

    [Fact]
    public void The_workers_are_scaled_by_a_metric_that_they_have()
    {
        var instruments = new List<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => { if (instrument.Meter.Name == WorkerMetrics.MeterName) { instruments.Add(instrument.Name); } } };
        listener.Start();
        using var meters = new Meters();
        _ = new WorkerMetrics(meters);
        var metric = s_manifests.Of<V2HorizontalPodAutoscaler>().Single(scaler => scaler.Metadata.Name == "issue-worker").Spec.Metrics.Single().External.Metric.Name;
        Assert.Contains(metric, instruments.Select(name => name.Replace('.', '_')));
    }

    [Fact]
    public void The_ingress_leads_to_the_gateway_by_TLS_and_policies_begin_with_nothing()
    {
        var ingress = Assert.Single(s_manifests.Of<V1Ingress>());
        var rule = Assert.Single(ingress.Spec.Rules);
        Assert.Equal("gateway", Assert.Single(rule.Http.Paths).Backend.Service.Name);
        Assert.Equal([rule.Host], Assert.Single(ingress.Spec.Tls).Hosts);
        var policies = s_manifests.Of<V1NetworkPolicy>().ToList();
        var deny = Assert.Single(policies, policy => policy.Metadata.Name == "default-deny");
        Assert.Equal(["Egress", "Ingress"], deny.Spec.PolicyTypes.Order());
        Assert.Null(deny.Spec.Ingress);
        Assert.Null(deny.Spec.Egress);
        // Each engine is reached by those that are given its address, and by nobody else.
        foreach (var (engine, setting) in new[] { ("kafka", "Kafka__BootstrapServers"), ("redis", "Redis__Endpoints"), ("mysql", "Database__Server") })
        {
            var allowed = policies.Single(policy => policy.Metadata.Name == $"engine-{engine}").Spec.PodSelector.MatchExpressions.Single().Values;
            Assert.Equal(s_manifests.Workloads.Where(workload => workload.Container.Env.Any(variable => variable.Name == setting)).Select(workload => workload.Metadata.Name).Order(), allowed.Order());
        }
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
