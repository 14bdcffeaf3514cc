using System.Collections.Immutable;
using System.Text;
using CsCheck;
using FirstCome.Eureka.Wire;
using Xunit;

namespace FirstCome.RulesTests.EurekaClient;

/// <summary>Whatever an instance says of itself: it is the same once it has been written as XML and read again, and the same as by JSON.</summary>
public sealed class XmlProperties
{
    // Also what XML has special names for, and what no name of an element may hold.
    private static readonly Gen<char> Character = Gen.Frequency(
        (6, Gen.Char['a', 'z']), (2, Gen.OneOf('_', '$', '.', '-', ':', ' ', '/', '1', '<', '>', '&', '"', '\'', ']', '\t', '\n', '\r')), (2, Gen.Char['가', '힣']), (1, Gen.Char['\u00a0', '\u0fff']));

    private static readonly Gen<string> Text = Character.Array[0, 12].Select(characters => new string(characters));

    private static readonly Gen<string> Name = Text.Select(text => text.Replace('\t', 'x').Replace('\n', 'x').Replace('\r', 'x').Trim());

    private static readonly Gen<ImmutableSortedDictionary<string, string>> Metadata =
        Gen.Dictionary(Name.Where(name => name.Length > 0 && name != "@class"), Text)[0, 5].Select(entries => entries.ToImmutableSortedDictionary(StringComparer.Ordinal));

    private static readonly Gen<InstanceInfo> Instance =
        Gen.Select(Name, Name, Name, Gen.Enum<InstanceStatus>(), Gen.Int[0, 65535], Gen.Bool, Metadata, Gen.Long[0, 4_000_000_000_000]).Select(
            (id, app, vip, status, port, enabled, metadata, dirty) => new InstanceInfo
            {
                InstanceId = id,
                HostName = "h",
                App = app,
                Status = status,
                Port = new(port, enabled),
                SecurePort = new(port, !enabled),
                DataCenter = DataCenterInfo.MyOwn,
                Lease = new LeaseInfo { RenewalIntervalInSeconds = 1 + port, RegistrationTimestamp = dirty },
                Metadata = metadata,
                VipAddress = vip,
                LastDirtyTimestamp = dirty,
                Action = InstanceAction.Modified,
            });

    [Fact]
    public void What_is_written_is_what_is_read() => Instance.Sample(instance =>
    {
        var xml = EurekaXmlReader.Instance(EurekaXmlWriter.Instance(instance));
        Assert.Equal(Shown(instance), Shown(xml));
        Assert.Equal(Shown(EurekaJsonReader.Instance(EurekaJsonWriter.Instance(instance))), Shown(xml));
    }, iter: 3000, print: Shown);

    [Theory]
    [InlineData("management.port", "management.port")]
    [InlineData("my_key", "my__key")]
    [InlineData("a$b", "a_-b")]
    [InlineData("1 b", "_.0031_.0020b")]
    [InlineData("이름", "이름")]
    public void Keys_are_written_as_the_Java_server_writes_them(string key, string name)
    {
        var instance = new InstanceInfo { App = "A", Metadata = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add(key, "v") };
        Assert.Contains($"<{name}>v</{name}>", Encoding.UTF8.GetString(EurekaXmlWriter.Instance(instance)));
    }

    private static string Shown(InstanceInfo instance) =>
        instance with { Metadata = ImmutableSortedDictionary<string, string>.Empty } + string.Join(';', instance.Metadata.Select(entry => $"{entry.Key}={entry.Value}"));
}
