using System.Globalization;
using System.Text;

namespace FirstCome.Eureka.Wire;

/// <summary>
/// <c>apps__hashcode</c>: for each status that occurs, ascending by name, <c>STATUS_count_</c>. A client that has applied a delta compares
/// it with what it holds and fetches in full where they differ.
/// </summary>
public static class RegistryHashCode
{
    // Ascending by wire name, as the contract orders them.
    private static readonly InstanceStatus[] ByName =
        [InstanceStatus.Down, InstanceStatus.OutOfService, InstanceStatus.Starting, InstanceStatus.Unknown, InstanceStatus.Up];

    public static string Of(IEnumerable<InstanceInfo> instances)
    {
        Span<int> counts = stackalloc int[ByName.Length];
        foreach (var instance in instances) counts[(int)instance.Status]++;
        var text = new StringBuilder();
        foreach (var status in ByName)
        {
            if (counts[(int)status] > 0) text.Append(CultureInfo.InvariantCulture, $"{WireNames.Of(status)}_{counts[(int)status]}_");
        }

        return text.ToString();
    }
}
