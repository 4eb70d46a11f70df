using System.Text;

namespace Deployments.Web.Feeds;

/// <summary>
/// Reads and writes the YAML of chart indexes line by line, as far as Helm writes it: nested maps and lists in block
/// style. Lines that say nothing of addresses stay as they came.
/// </summary>
static class HelmIndex
{
    /// <summary>The index with each of its archives' addresses replaced.</summary>
    /// <param name="index">The whole document.</param>
    /// <param name="lead">Gives the new address for a chart's name, its version, and the old address.</param>
    /// <exception cref="FormatException">It has no entries.</exception>
    public static string Rewrite(string index, Func<string, string, string, string> lead)
    {
        var lines = index.Split('\n');
        var at = Array.FindIndex(lines, line => line.StartsWith("entries:", StringComparison.Ordinal));
        if (at < 0)
            throw new FormatException("The upstream's chart index has no entries.");
        for (at++; at < lines.Length;)
        {
            if (Indent(lines[at]) == 0 && lines[at].Trim().Length > 0 && lines[at][0] is not ('#' or '-'))
                break; // the next key of the document
            var end = EndOfItem(lines, at);
            if (end > at)
                RewriteItem(lines, at, end, lead);
            at = Math.Max(end, at + 1);
        }

        return string.Join('\n', lines);
    }

    /// <summary>
    /// The lines of a Chart.yaml as an entry repeats them, without the keys that the index adds.
    /// </summary>
    public static IEnumerable<string> EntryLines(string chart)
    {
        var skips = false;
        foreach (var raw in chart.Split('\n'))
        {
            var line = raw.TrimEnd();
            if (line.Length == 0 || line[0] is '#' or '%' || line is "---" or "...")
                continue;
            if (Indent(line) == 0 && line[0] != '-')
                skips = KeyOf(line) is "urls" or "created" or "digest" or "";
            if (!skips)
                yield return line;
        }
    }

    /// <summary>A plain or quoted scalar's text, without a comment behind it.</summary>
    public static string Unquote(string scalar)
    {
        var text = scalar.Trim();
        if (text is ['"' or '\'', ..] && text.IndexOf(text[0], 1) is > 0 and var end)
            return text[1..end];
        var comment = text.IndexOf(" #", StringComparison.Ordinal);
        return comment < 0 ? text : text[..comment].TrimEnd();
    }

    static int Indent(string line) => line.Length - line.AsSpan().TrimStart(' ').Length;

    // An item begins with its dash and ends before the next line that is not deeper.
    static int EndOfItem(string[] lines, int at)
    {
        if (!lines[at].AsSpan().TrimStart(' ').StartsWith("- "))
            return at;
        var indent = Indent(lines[at]);
        var end = at + 1;
        while (end < lines.Length && (lines[end].Trim().Length == 0 || Indent(lines[end]) > indent))
            end++;
        return end;
    }

    static void RewriteItem(string[] lines, int at, int end, Func<string, string, string, string> lead)
    {
        var keyIndent = Indent(lines[at]) + 2;
        var (name, version, urls) = ("", "", -1);
        for (var i = at; i < end; i++)
        {
            var isKey = i == at || Indent(lines[i]) == keyIndent;
            if (!isKey || lines[i].Length <= keyIndent || lines[i][keyIndent] == '-')
                continue;
            var line = lines[i][keyIndent..];
            switch (KeyOf(line))
            {
                case "name":
                    name = Unquote(ValueOf(line));
                    break;
                case "version":
                    version = Unquote(ValueOf(line));
                    break;
                case "urls":
                    urls = i;
                    break;
            }
        }

        if (urls < 0)
            return;
        name = name.Length > 0 ? name : "-";
        version = version.Length > 0 ? version : "-";
        var flow = ValueOf(lines[urls][keyIndent..]).Trim();
        if (flow is ['[', .., ']'])
        {
            var all = flow[1..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(url => Quote(lead(name, version, Unquote(url))));
            lines[urls] = $"{lines[urls][..keyIndent]}urls: [{string.Join(", ", all)}]";
            return;
        }

        for (var i = urls + 1; i < end; i++)
        {
            var line = lines[i].AsSpan().TrimStart(' ');
            if (!line.StartsWith("- "))
                break;
            var led = Quote(lead(name, version, Unquote(line[2..].ToString())));
            lines[i] = $"{new string(' ', Indent(lines[i]))}- {led}";
        }
    }

    static string KeyOf(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? "" : Unquote(line[..colon]);
    }

    static string ValueOf(string line) => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..];

    static string Quote(string url) => new StringBuilder("\"")
        .Append(url.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal))
        .Append('"').ToString();
}
