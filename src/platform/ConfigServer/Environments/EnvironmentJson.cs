using System.Text;
using FirstCome.ConfigServer.TextFormats;

namespace FirstCome.ConfigServer.Environments;

/// <summary>The Environment answer, byte for byte as the original writes it.</summary>
internal static class EnvironmentJson
{
    public static byte[] Render(ResolvedEnvironment environment, bool withOrigins)
    {
        var json = new JsonText(escapeAstral: true);
        json.Raw("{\"name\":").Text(environment.Query.Application);
        json.Raw(",\"profiles\":[").Text(environment.Query.Profiles).Raw("],\"label\":");
        if (environment.Query.Label is { } label)
            json.Text(label);
        else
            json.Raw("null");
        json.Raw(",\"version\":").Text(environment.Version).Raw(",\"state\":\"\",\"propertySources\":[");
        var first = true;
        foreach (var source in environment.Sources)
        {
            json.Raw(first ? "{\"name\":" : ",{\"name\":").Text(source.Name).Raw(",\"source\":{");
            first = false;
            for (var i = 0; i < source.Settings.Count; i++)
            {
                var setting = source.Settings[i];
                json.Raw(i == 0 ? "" : ",").Text(setting.Key).Raw(":");
                if (withOrigins && setting.Origin is { } origin)
                    json.Raw("{\"value\":").Value(setting.Value).Raw(",\"origin\":").Text(origin).Raw("}");
                else
                    json.Value(setting.Value);
            }
            json.Raw("}}");
        }
        return Encoding.UTF8.GetBytes(json.Raw("]}").ToString());
    }
}
