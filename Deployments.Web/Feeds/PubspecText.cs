using System.Text.Json.Nodes;

namespace Deployments.Web.Feeds;

/// <summary>
/// Reads of a pubspec.yaml what a client needs to choose versions: nested maps of scalars in block style, which is how
/// people write them. Anything else in these places is refused rather than misread.
/// </summary>
static class PubspecText
{
    const int DepthMax = 6;

    static readonly string[] Wanted =
        ["name", "version", "environment", "dependencies", "dev_dependencies", "dependency_overrides"];

    /// <summary>The wanted keys that are there.</summary>
    /// <exception cref="InvalidDataException">One of them is written in a way that is not understood here.</exception>
    public static JsonObject Read(string yaml)
    {
        var lines = yaml.TrimStart('\uFEFF').Split('\n').Select(line => line.TrimEnd())
            .Where(line => line.TrimStart() is not ("" or "---" or ['#', ..])).ToArray();
        var result = new JsonObject();
        for (var at = 0; at < lines.Length;)
        {
            var end = at + 1;
            while (end < lines.Length && Indent(lines[end]) > 0)
                end++;
            if (Array.Find(Wanted, key => lines[at].StartsWith(key + ":", StringComparison.Ordinal)) is { } wanted)
                result[wanted] = Map(lines[at..end], 0)[wanted]?.DeepClone();
            at = end;
        }

        return result;
    }

    static JsonObject Map(string[] lines, int depth)
    {
        var map = new JsonObject();
        for (var at = 0; at < lines.Length;)
        {
            var line = lines[at].TrimStart(' ');
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || Indent(lines[at]) != Indent(lines[0]) || depth > DepthMax
                || (colon + 1 < line.Length && line[colon + 1] != ' ') || line[0] is '-' or '?' or '\t' or '"' or '\'')
                throw NotUnderstood(lines[at]);
            var end = at + 1;
            while (end < lines.Length && Indent(lines[end]) > Indent(lines[at]))
                end++;
            var value = line[(colon + 1)..].Trim();
            value = value.StartsWith('#') ? "" : value;
            map[line[..colon].TrimEnd()] = (value.Length, end - at) switch
            {
                (0, 1) => null,
                (0, _) => Map(lines[(at + 1)..end], depth + 1),
                (_, 1) => Scalar(value, lines[at]),
                _ => throw NotUnderstood(lines[at + 1]),
            };
            at = end;
        }

        return map;
    }

    // Every scalar is a text: versions and constraints, addresses, names.
    static JsonValue Scalar(string value, string line) =>
        value[0] is '{' or '[' or '&' or '*' or '|' or '>' or '!' or '%' or '@' or '`'
            ? throw NotUnderstood(line)
            : JsonValue.Create(HelmIndex.Unquote(value));

    static int Indent(string line) => line.Length - line.AsSpan().TrimStart(' ').Length;

    static InvalidDataException NotUnderstood(string line) => new(
        "The pubspec.yaml has a line that is not understood here; write it in block style: "
        + line.Trim()[..Math.Min(80, line.Trim().Length)]);
}
